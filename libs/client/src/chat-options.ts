import type { Clock, Random } from './clock.js';
import type { Endpoints } from './endpoints.js';
import type { OpenSocket } from './socket.js';

export interface ChatTimings {
  /**
   * A request fails when it has waited so long to be sent, behind others of its type or for a connection; or so long for
   * its answer from then on. Longer than the 10 s after which the server itself gives up.
   */
  readonly requestTimeoutMs: number;
  /** A message without an ack is sent again after this time ... */
  readonly ackTimeoutMs: number;
  /** ... until it was sent so often. */
  readonly sendAttempts: number;
  /** A message fails after this time even without a connection; by default it waits for one. */
  readonly sendGiveUpMs: number;
  /** KEEP_ALIVE, and the comparison with the server's last sequence. */
  readonly keepAliveMs: number;
}

export const DEFAULT_TIMINGS: ChatTimings = {
  requestTimeoutMs: 15_000,
  ackTimeoutMs: 3000,
  sendAttempts: 4,
  sendGiveUpMs: Infinity,
  keepAliveMs: 60_000,
};

export interface ChatClientOptions {
  readonly endpoints: Endpoints;
  readonly openSocket: OpenSocket;
  readonly clock?: Clock;
  readonly random?: Random;
  readonly timings?: Partial<ChatTimings>;
  /** Messages under way at once, 1 by default: more trades the sender's own order after errors for throughput. */
  readonly sendWindow?: number;
  /** False: the caller reports what was read with `markRead`. */
  readonly autoRead?: boolean;
}
