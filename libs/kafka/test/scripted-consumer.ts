import type { EachBatchPayload } from 'kafkajs';

export const TOPIC = 'topic';

/** What kafkajs would do, step by step in the hands of a test. */
export class ScriptedConsumer {
  readonly events = { HEARTBEAT: 'heartbeat', GROUP_JOIN: 'join', REBALANCING: 'rebalancing', CRASH: 'crash' };
  readonly #listeners = new Map<string, (event: unknown) => void>();
  isToldToStop = false;

  constructor(private readonly memberId = 'member') {}

  eachBatch: (payload: EachBatchPayload) => Promise<void> = () => Promise.resolve();

  on(event: string, listener: (event: unknown) => void): void {
    this.#listeners.set(event, listener);
  }

  emit(event: string, payload: unknown = {}): void {
    this.#listeners.get(event)?.({ payload });
  }

  join(): void {
    this.emit('join', { memberId: this.memberId, memberAssignment: { [TOPIC]: [0] } });
  }

  async connect(): Promise<void> {}
  async subscribe(): Promise<void> {}
  async disconnect(): Promise<void> {
    this.isToldToStop = true;
  }
  pause(): void {}

  /** Offsets that were asked for, in order. */
  readonly sought: string[] = [];
  seek({ offset }: { offset: string }): void {
    this.sought.push(offset);
  }

  async run(config: { eachBatch: (payload: EachBatchPayload) => Promise<void> }): Promise<void> {
    this.eachBatch = config.eachBatch;
    this.join();
  }
}
