import { setTimeout as delay } from 'node:timers/promises';
import { connectionControl, connectionPresence, PRESENCE } from '@parley/contracts';
import { BatchingProducer, BroadcastConsumer, type InboundRecord } from '@parley/kafka';
import { ConsulClient, Log } from '@parley/platform';
import { Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { type LostSocket, PresenceMap } from './presence-map.js';

/** How long a start waits for the snapshots of connection servers, in ms. */
const SETTLE_MS = 2_000;
/** By then every server that lives has given a sign of it. */
const SIGNS_MS = 1.25 * PRESENCE.lifeSignMs;
/** With one server alive there is something to read more often than this; longer, and it may be the reader that is deaf. */
const LULL_MS = 2 * PRESENCE.lifeSignMs;

/**
 * Keeps the presence map fed: what connection servers announce, and the silence of those that died. Their silence counts
 * only as far as this reader is known to have heard everything: it may be deaf itself, or Kafka away.
 */
@Injectable()
export class PresenceWatch implements OnApplicationShutdown {
  private timer: NodeJS.Timeout | undefined;
  private onLost: (lost: readonly LostSocket[]) => void = () => undefined;
  /** What was announced before this moment has been heard; ms of the monotonic clock. */
  private heardUpTo = 0;
  private isAsking = false;

  constructor(
    private readonly presence: PresenceMap,
    private readonly consumer: BroadcastConsumer,
    private readonly producer: BatchingProducer,
    private readonly consul: ConsulClient,
    private readonly log: Log,
  ) {}

  /** Resolves when the servers known to Consul, or those that are heard, have said who is connected, or had the time to. */
  async start(onLost: (lost: readonly LostSocket[]) => void): Promise<void> {
    this.onLost = onLost;
    this.heardUpTo = performance.now();
    await this.consumer.start(connectionPresence.name, (records) => this.take(records));
    const topic = connectionControl;
    await this.producer.send(topic.name, { key: null, value: topic.encode({ kind: 'SNAPSHOT_WANTED' }) });
    await this.settle();
    this.timer = setInterval(() => void this.look(), PRESENCE.lifeSignMs);
  }

  /** Whether all that was announced until now has been heard; not, if Kafka does not say. */
  async hasHeardAll(): Promise<boolean> {
    try {
      return await this.consumer.hasReadAll(connectionPresence.name);
    } catch (error) {
      this.log.debug({ error }, 'it is not known what connection servers have announced');
      return false;
    }
  }

  onApplicationShutdown(): void {
    clearInterval(this.timer);
  }

  private async take(records: readonly InboundRecord[]): Promise<void> {
    const now = performance.now();
    const lull = now - this.heardUpTo;
    if (lull > LULL_MS) this.presence.excuse(lull - LULL_MS);
    this.heardUpTo = now;
    for (const inbound of records) {
      const record = connectionPresence.decode(inbound.value);
      if (record.ok) this.report(this.presence.apply(record.value, now));
    }
  }

  private async look(): Promise<void> {
    await this.confirmLull();
    this.report(this.presence.expire(this.heardUpTo));
  }

  /** When nothing comes from anybody, Kafka is asked whether there is nothing. */
  private async confirmLull(): Promise<void> {
    const asked = performance.now();
    if (this.isAsking || asked - this.heardUpTo < PRESENCE.lifeSignMs) return;
    this.isAsking = true;
    if (await this.hasHeardAll()) this.heardUpTo = Math.max(this.heardUpTo, asked);
    this.isAsking = false;
  }

  private report(lost: readonly LostSocket[]): void {
    if (lost.length > 0) this.onLost(lost);
  }

  private async settle(): Promise<void> {
    const start = performance.now();
    const expected = await this.consul.healthy('connection').catch(() => []);
    const names = expected.map((instance) => instance.id.replace(/^connection-/, ''));
    const isSettled = (waited: number) =>
      names.length > 0
        ? names.every((name) => this.presence.knowsAllOf(name))
        : waited >= SIGNS_MS && this.presence.knowsAll();
    for (let waited = 0; waited < SETTLE_MS && !isSettled(waited); waited = performance.now() - start) await delay(20);
  }
}
