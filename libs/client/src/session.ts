export interface Session {
  /** As the user typed it at login; the server's spelling may differ in case. */
  readonly username: string;
  /** Value of the session cookie; undefined in a browser, which keeps the cookie to itself. */
  readonly cookie?: string | undefined;
}

const collator = new Intl.Collator('und', { sensitivity: 'base' });

/** User names are unique without regard to case and accents. */
export const sameUser = (a: string, b: string): boolean => collator.compare(a, b) === 0;
