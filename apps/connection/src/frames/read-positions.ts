import type { Reads } from '@parley/contracts';
import type { ChannelId, Seq, UserId } from '@parley/protocol';

export interface Reader {
  readonly id: string;
  readonly userId: UserId;
}

export type ReadsOfChannel = Pick<Reads, 'channelId' | 'positions'>;

/** How far sockets have read since that was last told: only the newest position of each socket and channel. */
export class ReadPositions {
  private readonly byReader = new Map<string, { userId: UserId; channels: Map<ChannelId, Seq> }>();

  note(reader: Reader, channelId: ChannelId, seq: Seq): void {
    const known = this.byReader.get(reader.id);
    if (known === undefined) {
      this.byReader.set(reader.id, { userId: reader.userId, channels: new Map([[channelId, seq]]) });
    } else if (seq > (known.channels.get(channelId) ?? -1)) {
      known.channels.set(channelId, seq);
    }
  }

  /** Takes out everything that was noted, or all of one reader, as one entry per channel. */
  take(reader?: Reader): ReadsOfChannel[] {
    if (this.byReader.size === 0) return [];
    const taken = new Map<ChannelId, Reads['positions']>();
    for (const id of reader === undefined ? this.byReader.keys() : [reader.id]) {
      const read = this.byReader.get(id);
      if (read === undefined) continue;
      for (const [channelId, seq] of read.channels) {
        const position = { userId: read.userId, connection: id, seq };
        const positions = taken.get(channelId);
        if (positions === undefined) taken.set(channelId, [position]);
        else positions.push(position);
      }
      this.byReader.delete(id);
    }
    return [...taken].map(([channelId, positions]) => ({ channelId, positions }));
  }

  /** Could not be told: kept for the next time, unless a newer position has come since. */
  putBack({ channelId, positions }: ReadsOfChannel): void {
    for (const { connection, userId, seq } of positions) this.note({ id: connection, userId }, channelId, seq);
  }
}
