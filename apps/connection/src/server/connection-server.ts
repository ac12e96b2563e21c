import { setImmediate as nextTurn, setTimeout as delay } from 'node:timers/promises';
import { type BeforeApplicationShutdown, Injectable } from '@nestjs/common';
import {
  connectionControl,
  type ConnectionControl,
  connectionNotification,
  type Notification,
  type Topic,
} from '@parley/contracts';
import { BatchingProducer, BroadcastConsumer, type InboundRecord, KafkaAdmin } from '@parley/kafka';
import { HealthRegistry, Log } from '@parley/platform';
import { ChannelViews } from '../delivery/channel-views.js';
import { NotificationDelivery } from '../delivery/notification-delivery.js';
import { Backlog } from '../frames/backlog.js';
import { FrameSender } from '../frames/frame-sender.js';
import { ReadReporter } from '../frames/read-reporter.js';
import { Handshake } from '../gateway/handshake.js';
import { LocationRegistry } from '../location/location-registry.js';
import { PresenceAnnouncer } from '../presence/presence-announcer.js';
import { SessionWatch } from '../session/session-watch.js';
import { Heartbeat } from '../socket/heartbeat.js';
import { OpenSockets } from '../socket/open-sockets.js';
import { LifeSign } from './life-sign.js';
import { OwnTopic } from './own-topic.js';
import { Pulse } from './pulse.js';
import { ServerIdentity } from './server-identity.js';
import { TopicSweep } from './topic-sweep.js';

/** Frames that leave together, one write per socket: with fewer, writes cost more; with more, frames wait for each other. */
const FRAMES_PER_TURN = 4_096;
/** At a stop the sockets are sent away in this many groups, so that they do not all come back at once. */
const FAREWELL_GROUPS = 20;
const FAREWELL_MS = 2_000;

/** The order in which this server comes to life and leaves. */
@Injectable()
export class ConnectionServer implements BeforeApplicationShutdown {
  private readonly topic: Topic<Notification>;
  private isStarted = false;

  constructor(
    private readonly identity: ServerIdentity,
    private readonly handshake: Handshake,
    private readonly sockets: OpenSockets,
    private readonly sessions: SessionWatch,
    private readonly heartbeat: Heartbeat,
    private readonly pulse: Pulse,
    private readonly reads: ReadReporter,
    private readonly backlog: Backlog,
    private readonly sender: FrameSender,
    private readonly views: ChannelViews,
    private readonly delivery: NotificationDelivery,
    private readonly presence: PresenceAnnouncer,
    private readonly locations: LocationRegistry,
    private readonly lifeSign: LifeSign,
    private readonly sweep: TopicSweep,
    private readonly ownTopic: OwnTopic,
    admin: KafkaAdmin,
    private readonly producer: BatchingProducer,
    private readonly consumer: BroadcastConsumer,
    health: HealthRegistry,
    private readonly log: Log,
  ) {
    this.topic = connectionNotification(identity.server);
    health.add('kafka', () => admin.ping());
    health.add('notifications', async () => {
      if (!ownTopic.isRead()) throw new Error('the notifications of this server are not being read');
    });
  }

  /** Resolves when sockets may come. */
  async start(): Promise<void> {
    this.isStarted = true;
    // First, so that no other server takes the topic for an abandoned one.
    await this.lifeSign.start();
    await this.ownTopic.create();
    await this.producer.connect();
    await this.consumer.start(this.topic.name, (records) => this.notified(records));
    await this.consumer.start(connectionControl.name, (records) => this.controlled(records));
    for (const part of [
      this.presence,
      this.locations,
      this.sessions,
      this.heartbeat,
      this.pulse,
      this.reads,
      this.backlog,
      this.sender,
      this.views,
      this.sweep,
      this.ownTopic,
    ])
      part.start();
    this.handshake.openDoor();
    this.log.info({ server: this.identity.server, boot: this.identity.boot }, 'sockets may come');
  }

  /** Everything that sockets have begun is passed on before the server says that it is gone. */
  async beforeApplicationShutdown(): Promise<void> {
    if (!this.isStarted) return;
    this.handshake.shutDoor();
    await this.sendSocketsAway();
    for (const part of [this.sessions, this.heartbeat, this.pulse, this.reads, this.backlog, this.sender, this.views])
      part.stop();
    await Promise.all([this.presence.stop(), this.locations.stop(), this.sweep.stop()]);
    await this.consumer.close();
    await this.producer.close();
    // It may be waiting for the consumer.
    await this.ownTopic.stop();
    if (await this.lifeSign.stop()) await this.ownTopic.remove();
  }

  private async sendSocketsAway(): Promise<void> {
    const sockets = [...this.sockets.all()];
    this.log.info({ sockets: sockets.length }, 'sending sockets elsewhere');
    const group = Math.ceil(sockets.length / FAREWELL_GROUPS);
    for (let first = 0; first < sockets.length; first += group) {
      if (first > 0) await delay(FAREWELL_MS / FAREWELL_GROUPS);
      for (const socket of sockets.slice(first, first + group)) socket.close('goingAway');
    }
  }

  private async notified(records: readonly InboundRecord[]): Promise<void> {
    let frames = 0;
    for (const { value, offset } of records) {
      const notification = this.topic.decode(value);
      if (!notification.ok) {
        this.log.error(
          { topic: this.topic.name, offset: String(offset), problem: notification.error },
          'unreadable record',
        );
        continue;
      }
      for (const entry of notification.value.entries) {
        frames += this.delivery.deliver(entry);
        if (frames < FRAMES_PER_TURN) continue;
        // Sockets get a chance to drain, and their own frames to be read, in the middle of a flood.
        frames = 0;
        await nextTurn();
      }
    }
  }

  private controlled(records: readonly InboundRecord[]): void {
    for (const { value } of records) {
      const control = connectionControl.decode(value);
      if (control.ok) this.obey(control.value);
      else this.log.error({ topic: connectionControl.name, problem: control.error }, 'unreadable record');
    }
  }

  private obey(control: ConnectionControl): void {
    switch (control.kind) {
      case 'SESSION_ENDED':
        this.sessions.ended(control.session);
        break;
      case 'SNAPSHOT_WANTED':
        this.presence.snapshot();
        break;
    }
  }
}
