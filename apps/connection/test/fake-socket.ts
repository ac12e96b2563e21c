import { EventEmitter } from 'node:events';
import type { Duplex } from 'node:stream';
import type { Topic } from '@parley/contracts';
import { userId } from '@parley/protocol';
import type { WebSocket } from 'ws';
import { Publisher } from '../src/produce/publisher.js';
import { ClientSocket } from '../src/socket/client-socket.js';
import { FlushQueue } from '../src/socket/flush-queue.js';

/** Takes what is published, or fails with `failure`. */
export class ScriptedKafka extends Publisher {
  readonly records: string[] = [];
  failure: Error | undefined;

  override publish<R>(topic: Topic<R>, record: NoInfer<R>): Promise<void> {
    this.records.push(topic.encode(record));
    return this.failure === undefined ? Promise.resolve() : Promise.reject(this.failure);
  }
}

/** The WebSocket of a peer in the hands of a test. */
export class FakePeer extends EventEmitter {
  isPaused = false;
  /** What was done to the socket, in order. */
  readonly done: string[] = [];

  pause(): void {
    this.isPaused = true;
  }

  resume(): void {
    this.isPaused = false;
  }

  ping(): void {
    this.done.push('ping');
  }

  /** Why it was closed, in words. */
  farewell: string | undefined;

  close(code: number, reason: string): void {
    this.done.push(`close ${code}`);
    this.farewell = reason;
  }

  terminate(): void {
    this.done.push('cut off');
  }

  /** A message from the peer. */
  says(data: unknown, isBinary = false): void {
    this.emit('message', data, isBinary);
  }
}

export interface FakeSocketOptions {
  readonly id?: string;
  readonly user?: number;
  readonly wantsNotices?: boolean;
  readonly framesInFlight?: number;
  readonly framesBurst?: number;
  readonly sendQueueBytes?: number;
}

/** A socket of ours whose peer is a fake. `frames` gives the types of what it was sent so far. */
export function fakeSocket({
  id = 'c1',
  user = 5,
  wantsNotices = false,
  framesInFlight = 4,
  framesBurst = 100,
  sendQueueBytes = 1_000_000,
}: FakeSocketOptions = {}) {
  const peer = new FakePeer();
  const frames: unknown[] = [];
  const stream = {
    writable: true,
    writableLength: 0,
    write: (bytes: Buffer) => void frames.push(...(bytes.toString().match(/(?<="type":")\w+/g) ?? [])),
  };
  const socket = new ClientSocket({
    id,
    session: { hash: `hash-${user}`, holder: { userId: userId(user), username: `user${user}`, createdAt: '' } },
    wantsNotices,
    ws: peer as unknown as WebSocket,
    stream: stream as unknown as Duplex,
    limits: { sendQueueBytes, framesPerSecond: 1, framesBurst, framesInFlight },
    flushes: new FlushQueue(),
  });
  return { socket, peer, stream, frames };
}

/** What was handed over in this turn is written. */
export const written = (): Promise<void> => new Promise((resolve) => setImmediate(() => setImmediate(resolve)));
