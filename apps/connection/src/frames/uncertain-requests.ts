/** What makes a repeated frame the same request as the first one. */
export interface RequestIdentity {
  readonly request: string;
  /** Of a WRITE_MESSAGE: see `Write.once` of the contracts; else 0. */
  readonly once: number;
}

/**
 * Frames of one socket of which nobody knows whether Kafka has taken them. When the same text comes again it gets the
 * same identity, so that what may have been done already is not done twice.
 */
export class UncertainRequests {
  private readonly byText = new Map<string, RequestIdentity>();

  /** @param limit how many are remembered; the oldest go first */
  constructor(private readonly limit: number) {}

  identityOf(text: string): RequestIdentity | undefined {
    return this.byText.size === 0 ? undefined : this.byText.get(text);
  }

  remember(text: string, identity: RequestIdentity): void {
    this.byText.delete(text);
    this.byText.set(text, identity);
    if (this.byText.size <= this.limit) return;
    for (const oldest of this.byText.keys()) {
      this.byText.delete(oldest);
      return;
    }
  }

  /** Kafka has it now. */
  settle(text: string): void {
    if (this.byText.size > 0) this.byText.delete(text);
  }
}
