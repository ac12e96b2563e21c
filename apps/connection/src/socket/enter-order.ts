/**
 * Which ENTERs of a socket still count. Channels answer in any order, being owned by different instances; the socket
 * shows the one it asked for last, so an answer that a later ENTER has overtaken changes nothing any more.
 */
export class EnterOrder {
  /** Requests without an answer, oldest first. */
  private waiting: string[] = [];
  /** Requests without an answer that do not count any more. */
  private readonly overtaken = new Set<string>();

  asked(request: string): void {
    this.waiting.push(request);
  }

  /** False when a later ENTER has been answered already. */
  answered(request: string): boolean {
    this.overtaken.delete(request);
    const place = this.waiting.indexOf(request);
    if (place < 0) return false;
    for (const earlier of this.waiting.splice(0, place + 1)) if (earlier !== request) this.overtaken.add(earlier);
    return true;
  }

  /** Whether there has been an answer: what comes again after a crash must not change a screen that has gone on. */
  isAnswered(request: string): boolean {
    return !this.overtaken.has(request) && !this.waiting.includes(request);
  }

  /** The ENTER failed: earlier ones still count. */
  failed(request: string): void {
    this.overtaken.delete(request);
    const place = this.waiting.indexOf(request);
    if (place >= 0) this.waiting.splice(place, 1);
  }
}
