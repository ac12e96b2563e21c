import fc from 'fast-check';
import type { Write } from '@parley/contracts';
import { channelId, seq, type Seq, userId } from '@parley/protocol';
import { ChannelState } from './channel-states.js';
import { type MessageStore, type NewMessage, writeKey } from './message-store.js';
import { MessageWriter } from './message-writer.js';

const CHANNELS = [1, 2].map(channelId);

/** A table with its two keys that takes its time: other owners get in between every statement and its answer. */
class SlowTable {
  readonly rows: NewMessage[] = [];

  constructor(private readonly scheduler: fc.Scheduler) {}

  async insert(_shard: number, messages: readonly NewMessage[]): Promise<void> {
    await this.turn('insert');
    for (const key of [({ channelId: id, seq: at }: NewMessage) => `${id} ${at}`, writeKey]) {
      const taken = new Set(this.rows.map(key));
      if (messages.some((message) => taken.has(key(message)))) {
        throw Object.assign(new Error("Duplicate entry for key 'once'"), { code: 'ER_DUP_ENTRY' });
      }
    }
    this.rows.push(...messages);
    await this.turn('inserted');
  }

  async given(_shard: number, writes: readonly Pick<NewMessage, 'channelId' | 'userId' | 'once'>[]) {
    await this.turn('look up');
    const wanted = new Set(writes.map(writeKey));
    return new Map(this.rows.filter((row) => wanted.has(writeKey(row))).map((row) => [writeKey(row), row.seq]));
  }

  async lastSequences(_shard: number, channels: readonly number[]): Promise<Map<number, Seq>> {
    await this.turn('read ends');
    return new Map(channels.map((id) => [id, this.end(id)]));
  }

  end(channel: number): Seq {
    return seq(Math.max(0, ...this.rows.filter((row) => row.channelId === channel).map((row) => row.seq)));
  }

  private turn(what: string): Promise<void> {
    return this.scheduler.schedule(Promise.resolve(), what);
  }
}

/** An instance that takes itself for the owner of both channels, with whatever it remembers of them. */
class Owner {
  private readonly writer: MessageWriter;
  private readonly states: ChannelState[];

  constructor(table: SlowTable, remembered: readonly number[]) {
    this.writer = new MessageWriter(table as unknown as MessageStore, { forget: () => undefined } as never);
    this.states = CHANNELS.map((id, index) => {
      const row = { title: 't', inviteCode: 'i', shardId: 1, headCount: 1, members: new Set([userId(1)]) };
      return new ChannelState(id, row, seq(Math.min(remembered[index] ?? 0, table.end(id))));
    });
  }

  /** The sequence of each write, by what makes it unique. */
  async write(batch: readonly { channel: number; user: number; once: number }[]): Promise<[string, Seq | undefined][]> {
    const pending = batch.flatMap(({ channel, user, once }) => {
      const state = this.states[channel];
      if (state === undefined) return [];
      const write: Write = {
        kind: 'WRITE',
        channelId: state.id,
        origin: { userId: userId(user), username: 'u', server: '1', connection: 'c', request: 'r' },
        once,
        frame: { type: 'WRITE_MESSAGE', serial: null, channelId: state.id, content: `${user}-${once}` },
      };
      return [{ write, channel: state }];
    });
    const written = await this.writer.write(pending);
    return written.map(({ write, seq: given }) => [writeKey({ ...write, userId: write.origin.userId }), given]);
  }
}

const batch = fc.array(
  fc.record({
    channel: fc.nat({ max: 1 }),
    user: fc.integer({ min: 1, max: 2 }),
    once: fc.nat({ max: 5 }),
  }),
  { minLength: 1, maxLength: 6 },
);
/** What one owner does, one batch after the other; what it remembers at first may be long out of date. */
const owner = fc.record({
  remembered: fc.tuple(fc.nat({ max: 9 }), fc.nat({ max: 9 })),
  batches: fc.array(batch, { maxLength: 4 }),
});

describe('several owners of a channel at once, of which at most one knows it', () => {
  it('give every write one sequence for ever, without gaps, however their statements interleave', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.scheduler(),
        batch,
        fc.array(owner, { minLength: 2, maxLength: 3 }),
        async (s, first, owners) => {
          const table = new SlowTable(s);
          const answers = new Map<string, Set<Seq | undefined>>();
          const note = (given: readonly [string, Seq | undefined][]): void => {
            for (const [key, at] of given) answers.set(key, (answers.get(key) ?? new Set()).add(at));
          };
          await s.waitFor(new Owner(table, []).write(first).then(note));
          const running = owners.map(async ({ remembered, batches }) => {
            const self = new Owner(table, remembered);
            for (const each of batches) note(await self.write(each));
          });
          await s.waitFor(Promise.all(running));
          for (const id of CHANNELS) {
            const sequences = table.rows.filter((row) => row.channelId === id).map((row) => row.seq);
            expect(sequences.toSorted((a, b) => a - b)).toEqual(sequences.map((_, index) => index + 1));
          }
          const stored = new Map(table.rows.map((row) => [writeKey(row), new Set([row.seq])]));
          expect(answers).toEqual(stored);
        },
      ),
      { numRuns: 100 },
    );
  });
});
