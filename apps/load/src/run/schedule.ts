/**
 * When the messages of an open loop are due. Message i is due at `start + i / rate`, however late the ones before it
 * were sent: latency counts from then, so that a system that holds the sender up cannot hide it (coordinated omission).
 */
export class Schedule {
  private next = 0;
  private readonly intervalUs: number;

  /** @param startUs microseconds; @param rate messages per second over all senders */
  constructor(
    private readonly startUs: number,
    rate: number,
  ) {
    this.intervalUs = 1_000_000 / rate;
  }

  /** When the next message is due, in microseconds of the same clock. */
  get nextUs(): number {
    return Math.round(this.startUs + this.next * this.intervalUs);
  }

  /** Calls `send` for each message that is due by now, with its number from 0 and the time at which it was due. */
  run(nowUs: number, send: (index: number, dueUs: number) => void): void {
    while (this.nextUs <= nowUs) {
      const due = this.nextUs;
      this.next += 1;
      send(this.next - 1, due);
    }
  }
}
