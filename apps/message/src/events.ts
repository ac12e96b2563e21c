import { Log } from '@parley/platform';
import { Injectable } from '@nestjs/common';
import type { Origin } from '@parley/contracts';

/** One function per reported fact: ids and counts only, never what people write. */
@Injectable()
export class EventLog {
  /** How often each has happened since the start. */
  readonly counts = { stored: 0, givenUp: 0, replayed: 0, setAside: 0 };

  constructor(private readonly log: Log) {}

  /** The trace of one message: the request id is the same from socket to socket. */
  messageStored(origin: Origin, channelId: number, seq: number): void {
    this.counts.stored += 1;
    this.log.debug({ trace: origin.request, userId: origin.userId, channelId, seq }, 'message stored');
  }

  writeGivenUp(origin: Origin, channelId: number): void {
    this.counts.givenUp += 1;
    this.log.warn(
      { trace: origin.request, userId: origin.userId, channelId },
      'shard is away, sender told to try again',
    );
  }

  viewersLost(count: number): void {
    this.log.warn({ count }, 'a connection server is gone: its viewers are away');
  }

  replayed(server: string, channelId: number, after: number): void {
    this.counts.replayed += 1;
    this.log.info({ server, channelId, after }, 'sent again what a connection server had missed');
  }

  auditFailed(error: unknown): void {
    this.log.warn({ err: error }, 'the audit of connection servers failed, it runs again');
  }

  setAside(topic: string, reason: string): void {
    this.counts.setAside += 1;
    this.log.error({ topic, reason }, 'a record went to the dead-letter topic');
  }
}
