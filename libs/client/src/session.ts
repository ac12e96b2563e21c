export interface Session {
  /** As the user typed it at login; the server's spelling may differ in case. */
  readonly username: string;
  /** Value of the session cookie; undefined in a browser, which keeps the cookie to itself. */
  readonly cookie?: string | undefined;
}
