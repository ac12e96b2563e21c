import { setTimeout as delay } from 'node:timers/promises';
import { connectionControl, connectionPresence, PRESENCE } from '@parley/contracts';
import { BatchingProducer, BroadcastConsumer, type InboundRecord } from '@parley/kafka';
import { Clock, ConsulClient } from '@parley/platform';
import { Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { type LostViewer, PresenceMap } from './presence.map.js';

/** How long a start waits for the snapshots of the servers that Consul knows, in ms. */
const SETTLE_MS = 2_000;

/** Keeps the presence map fed: what connection servers announce, and the silence of those that died. */
@Injectable()
export class PresenceWatch implements OnApplicationShutdown {
  private timer: NodeJS.Timeout | undefined;
  private onLost: (lost: readonly LostViewer[]) => void = () => undefined;

  constructor(
    private readonly presence: PresenceMap,
    private readonly consumer: BroadcastConsumer,
    private readonly producer: BatchingProducer,
    private readonly consul: ConsulClient,
    private readonly clock: Clock,
  ) {}

  /** Resolves when the servers known to Consul have said who is connected, or had the time to. */
  async start(onLost: (lost: readonly LostViewer[]) => void): Promise<void> {
    this.onLost = onLost;
    await this.consumer.start(connectionPresence.name, (records) => this.take(records));
    const topic = connectionControl;
    await this.producer.send(topic.name, { key: null, value: topic.encode({ kind: 'SNAPSHOT_WANTED' }) });
    await this.settle();
    this.timer = setInterval(() => this.report(this.presence.expire(this.clock.now())), PRESENCE.lifeSignMs);
  }

  onApplicationShutdown(): void {
    clearInterval(this.timer);
  }

  private async take(records: readonly InboundRecord[]): Promise<void> {
    for (const inbound of records) {
      const record = connectionPresence.decode(inbound.value);
      if (record.ok) this.report(this.presence.apply(record.value, this.clock.now()));
    }
  }

  private report(lost: readonly LostViewer[]): void {
    if (lost.length > 0) this.onLost(lost);
  }

  private async settle(): Promise<void> {
    const expected = await this.consul.healthy('connection').catch(() => []);
    const names = expected.map((instance) => instance.id.replace(/^connection-/, ''));
    const deadline = this.clock.now() + SETTLE_MS;
    while (this.clock.now() < deadline && !names.every((name) => this.presence.knowsAllOf(name))) {
      await delay(20);
    }
  }
}
