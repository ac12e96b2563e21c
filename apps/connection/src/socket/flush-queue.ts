export interface Flushable {
  /** Hands over what is waiting; returns how many bytes that was. */
  flush(): number;
}

/** Flushes everything that got something to write once, after the work of the current turn of the event loop is done. */
export class FlushQueue {
  private waiting: Flushable[] = [];

  constructor(private readonly onFlushed: (bytes: number) => void = () => undefined) {}

  add(flushable: Flushable): void {
    if (this.waiting.push(flushable) === 1) setImmediate(() => this.flushAll());
  }

  private flushAll(): void {
    const flushables = this.waiting;
    this.waiting = [];
    let bytes = 0;
    for (const flushable of flushables) bytes += flushable.flush();
    this.onFlushed(bytes);
  }
}
