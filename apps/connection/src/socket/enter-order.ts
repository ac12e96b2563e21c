/**
 * Which ENTERs of a socket still count. Channels answer in any order, being owned by different instances; the socket
 * shows the one it asked for last, so an answer that a later ENTER has overtaken changes nothing any more.
 */
export class EnterOrder {
  /** Requests without an answer, oldest first. */
  private waiting: string[] = [];

  asked(request: string): void {
    this.waiting.push(request);
  }

  /** False when a later ENTER has been answered already. */
  answered(request: string): boolean {
    const place = this.waiting.indexOf(request);
    if (place < 0) return false;
    this.waiting.splice(0, place + 1);
    return true;
  }

  /** The ENTER failed: earlier ones still count. */
  failed(request: string): void {
    const place = this.waiting.indexOf(request);
    if (place >= 0) this.waiting.splice(place, 1);
  }
}
