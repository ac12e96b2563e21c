import { type DynamicModule, Module } from '@nestjs/common';
import {
  BatchingProducer,
  BroadcastConsumer,
  createKafka,
  KafkaAdmin,
  type KafkaHandle,
  kafkaOptionsFrom,
} from '@parley/kafka';
import { Log, RedisModule } from '@parley/platform';
import { SessionSettings, SessionStore } from '@parley/session';
import { type ConnectionConfig, ConnectionSettings } from './config.js';
import { ChannelViews } from './delivery/channel-views.js';
import { LateAnswers } from './delivery/late-answers.js';
import { NotificationDelivery } from './delivery/notification-delivery.js';
import { RelayNotes } from './delivery/relay-notes.js';
import { ToldNotices } from './delivery/told-notices.js';
import { Undelivered } from './delivery/undelivered.js';
import { Backlog } from './frames/backlog.js';
import { FrameHandlers } from './frames/frame-handlers.js';
import { FrameReceiver } from './frames/frame-receiver.js';
import { FrameSender } from './frames/frame-sender.js';
import { ReadReporter } from './frames/read-reporter.js';
import { Handshake } from './gateway/handshake.js';
import { MessageGateway } from './gateway/message.gateway.js';
import { PlainRequestController } from './gateway/plain-request.controller.js';
import { LocationRegistry } from './location/location-registry.js';
import { LocationStore } from './location/location-store.js';
import { PresenceAnnouncer } from './presence/presence-announcer.js';
import { KafkaPublisher, Publisher } from './produce/publisher.js';
import { ConnectionMetrics } from './server/connection.metrics.js';
import { ConnectionServer } from './server/connection-server.js';
import { LifeSign } from './server/life-sign.js';
import { OwnTopic } from './server/own-topic.js';
import { Pulse } from './server/pulse.js';
import { ServerIdentity } from './server/server-identity.js';
import { TopicSweep } from './server/topic-sweep.js';
import { SessionWatch } from './session/session-watch.js';
import { Heartbeat } from './socket/heartbeat.js';
import { OpenSockets } from './socket/open-sockets.js';

const KAFKA = Symbol('KafkaHandle');

@Module({})
export class AppModule {
  static with(config: ConnectionConfig): DynamicModule {
    const groupPrefix = `listen-group-${config.SERVICE_ID}`;
    return {
      module: AppModule,
      imports: [RedisModule.with(config)],
      controllers: [PlainRequestController],
      providers: [
        { provide: ConnectionSettings, useValue: new ConnectionSettings(config) },
        { provide: ServerIdentity, useValue: new ServerIdentity(config.SERVICE_ID) },
        { provide: SessionSettings, useValue: new SessionSettings(config.SESSION_TTL_SECONDS) },
        {
          provide: KAFKA,
          inject: [Log],
          useFactory: (log: Log) => createKafka(kafkaOptionsFrom(config, `connection-${config.SERVICE_ID}`), log),
        },
        { provide: KafkaAdmin, inject: [KAFKA], useFactory: (kafka: KafkaHandle) => new KafkaAdmin(kafka) },
        {
          provide: BatchingProducer,
          inject: [KAFKA],
          useFactory: (kafka: KafkaHandle) => new BatchingProducer({ kafka }),
        },
        {
          provide: BroadcastConsumer,
          inject: [KAFKA],
          useFactory: (kafka: KafkaHandle) => new BroadcastConsumer({ kafka, groupPrefix }),
        },
        { provide: Publisher, useClass: KafkaPublisher },
        SessionStore,
        ConnectionMetrics,
        OpenSockets,
        Pulse,
        Heartbeat,
        SessionWatch,
        Backlog,
        FrameSender,
        ReadReporter,
        FrameHandlers,
        FrameReceiver,
        RelayNotes,
        LateAnswers,
        Undelivered,
        ToldNotices,
        PresenceAnnouncer,
        LocationStore,
        LocationRegistry,
        ChannelViews,
        NotificationDelivery,
        Handshake,
        MessageGateway,
        LifeSign,
        OwnTopic,
        TopicSweep,
        ConnectionServer,
      ],
    };
  }
}
