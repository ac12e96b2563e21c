import { kafkaEnv } from '@parley/kafka';
import { integerVar, redisEnv, serviceEnv } from '@parley/platform';
import { originEnv, sessionEnv } from '@parley/session';
import { z } from 'zod';

/** Everything that can be set from outside. */
export const connectionEnv = z.object({
  ...serviceEnv,
  ...kafkaEnv,
  ...redisEnv,
  ...sessionEnv,
  ...originEnv,
  MAX_SOCKETS: integerVar({ min: 1, max: 1_000_000 })
    .default(10_000)
    .describe('Open sockets of this instance; more are refused with 503.'),
  SEND_QUEUE_BYTES: integerVar({ min: 1_024, max: 1_073_741_824 })
    .default(1_048_576)
    .describe('What may wait for a slow reader before its socket is closed.'),
  FRAMES_PER_SECOND: integerVar({ min: 1, max: 100_000 })
    .default(200)
    .describe('Frames a socket may send per second on average.'),
  FRAMES_BURST: integerVar({ min: 1, max: 1_000_000 })
    .default(400)
    .describe('Frames a socket may send at once; refused frames beyond a second burst close it.'),
  FRAMES_IN_FLIGHT: integerVar({ min: 1, max: 100_000 })
    .default(256)
    .describe('Frames of a socket that Kafka has not taken yet; with more, the socket is not read.'),
  BACKLOG_MESSAGES: integerVar({ min: 1, max: 10_000_000 })
    .default(5_000)
    .describe('Below this many unanswered messages, overload protection never refuses.'),
  BACKLOG_MS: integerVar({ min: 10, max: 60_000 })
    .default(1_000)
    .describe('New messages are refused with ERROR when those before them would take longer than this to answer.'),
  READ_FLUSH_MS: integerVar({ min: 1, max: 60_000 })
    .default(250)
    .describe('How long read positions are gathered before they are passed on.'),
  PING_SECONDS: integerVar({ min: 1, max: 3_600 })
    .default(30)
    .describe('A socket that does not answer a ping until the next one is closed.'),
  LOCATION_TTL_SECONDS: integerVar({ min: 5, max: 86_400 })
    .default(300)
    .describe(
      'Redis says where a user is connected for this long after the last sign of it; a sign comes each fifth of it.',
    ),
});
export type ConnectionConfig = Readonly<z.output<typeof connectionEnv>>;

/** What bounds one socket. */
export interface SocketLimits {
  readonly sendQueueBytes: number;
  readonly framesPerSecond: number;
  readonly framesBurst: number;
  readonly framesInFlight: number;
}

/** The configuration as the parts of this service need it; injectable. */
export class ConnectionSettings {
  readonly allowedOrigins: string;
  readonly maxSockets: number;
  readonly socket: SocketLimits;
  /** What may wait for an answer: this many messages in any case, and as many as are answered in this time. */
  readonly backlog: { readonly alwaysWaiting: number; readonly waitMs: number };
  readonly readFlushMs: number;
  readonly pingMs: number;
  readonly locationTtlSeconds: number;
  /** Copies that Kafka keeps of the own topic. */
  readonly topicCopies: number;

  constructor(config: ConnectionConfig) {
    this.allowedOrigins = config.ALLOWED_ORIGINS;
    this.maxSockets = config.MAX_SOCKETS;
    this.socket = {
      sendQueueBytes: config.SEND_QUEUE_BYTES,
      framesPerSecond: config.FRAMES_PER_SECOND,
      framesBurst: config.FRAMES_BURST,
      framesInFlight: config.FRAMES_IN_FLIGHT,
    };
    this.backlog = { alwaysWaiting: config.BACKLOG_MESSAGES, waitMs: config.BACKLOG_MS };
    this.readFlushMs = config.READ_FLUSH_MS;
    this.pingMs = config.PING_SECONDS * 1_000;
    this.locationTtlSeconds = config.LOCATION_TTL_SECONDS;
    this.topicCopies = config.KAFKA_REPLICATION_FACTOR;
  }
}
