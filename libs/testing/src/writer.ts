import type { ChannelId } from '@parley/protocol';
import { eventually } from './eventually.js';
import { type Connected, nextSerial } from './people.js';

/** Writes one message after the other until stopped; one that is not acknowledged is sent again. */
export class Writer {
  readonly acknowledged: { seq: number; content: string }[] = [];
  errors = 0;
  #stopped = false;
  readonly #done: Promise<void>;

  constructor(
    private readonly who: Connected,
    private readonly channelId: ChannelId,
  ) {
    this.#done = this.#run();
  }

  async #run(): Promise<void> {
    for (let n = 1; !this.#stopped; n += 1) {
      const content = `${this.who.name} ${n}`;
      this.acknowledged.push({ seq: await this.#insist(content), content });
    }
  }

  async #insist(content: string): Promise<number> {
    const serial = nextSerial();
    const { wire } = this.who;
    for (;;) {
      wire.send({ type: 'WRITE_MESSAGE', serial, channelId: this.channelId, content });
      const ack = await eventually(() => {
        const found = wire.take('WRITE_MESSAGE_ACK').find((one) => one.serial === serial);
        if (found !== undefined) return found;
        if (wire.take('ERROR').length > 0) return undefined;
        throw new Error(`${content} has had no answer`);
      });
      if (ack !== undefined) return ack.messageSeqId;
      this.errors += 1;
    }
  }

  /** Waits until so many more are acknowledged. */
  async more(count: number): Promise<void> {
    const target = this.acknowledged.length + count;
    await eventually(() => {
      if (this.acknowledged.length < target) throw new Error(`${this.acknowledged.length} of ${target} acknowledged`);
    }, 30_000);
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#done;
  }
}
