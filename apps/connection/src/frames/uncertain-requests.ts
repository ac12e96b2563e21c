/** What makes a repeated frame the same request as the first one. */
export interface RequestIdentity {
  readonly request: string;
  /** Of a WRITE_MESSAGE: see `Write.once` of the contracts; else 0. */
  readonly once: number;
}

/**
 * Frames of one socket of which nobody knows whether they are or will be carried out. When the same text comes again it gets the
 * same identity, so that what may have been done already is not done twice.
 */
export class UncertainRequests {
  /** Made when it is needed: most sockets never have such a frame. */
  private byText: Map<string, RequestIdentity> | undefined;

  /** @param limit how many are remembered; the oldest go first */
  constructor(private readonly limit: number) {}

  identityOf(text: string): RequestIdentity | undefined {
    return this.byText?.get(text);
  }

  remember(text: string, identity: RequestIdentity): void {
    const { byText = new Map<string, RequestIdentity>(), limit } = this;
    this.byText = byText;
    byText.delete(text);
    byText.set(text, identity);
    if (byText.size <= limit) return;
    for (const oldest of byText.keys()) {
      byText.delete(oldest);
      return;
    }
  }

  /** What became of it is known: the same text is something new from here on. */
  answered(request: string): void {
    const { byText } = this;
    if (byText === undefined) return;
    for (const [text, identity] of byText) if (identity.request === request) byText.delete(text);
    if (byText.size === 0) this.byText = undefined;
  }
}
