import fc from 'fast-check';
import type { Write } from '@parley/contracts';
import { channelId, seq, type Seq, userId } from '@parley/protocol';
import { ChannelState } from './channel-states.js';
import { type MessageStore, type NewMessage, writeKey } from './message-store.js';
import { MessageWriter, type PendingWrite } from './message-writer.js';

/** The two keys of the message table, and faults on demand. */
class FakeShard {
  readonly rows: NewMessage[] = [];
  faults: ('refuse' | 'lose answer')[] = [];

  async insert(_shard: number, messages: readonly NewMessage[]): Promise<void> {
    const fault = this.faults.shift();
    if (fault === 'refuse') throw Object.assign(new Error('connect'), { code: 'ECONNREFUSED' });
    for (const [index, message] of messages.entries()) {
      const taken = [...this.rows, ...messages.slice(0, index)];
      if (taken.some((row) => row.channelId === message.channelId && row.seq === message.seq))
        throw duplicate('PRIMARY');
      if (taken.some((row) => writeKey(row) === writeKey(message))) throw duplicate('once');
    }
    this.rows.push(...messages);
    if (fault === 'lose answer') throw Object.assign(new Error('lost'), { code: 'PROTOCOL_CONNECTION_LOST' });
  }

  async given(
    _shard: number,
    writes: readonly Pick<NewMessage, 'channelId' | 'userId' | 'once'>[],
  ): Promise<Map<string, Seq>> {
    const wanted = new Set(writes.map(writeKey));
    return new Map(this.rows.filter((row) => wanted.has(writeKey(row))).map((row) => [writeKey(row), row.seq]));
  }

  async lastSequences(_shard: number, channels: readonly number[]): Promise<Map<number, Seq>> {
    const ends = channels.map((id) => [
      id,
      Math.max(0, ...this.rows.filter((row) => row.channelId === id).map((row) => row.seq)),
    ]);
    return new Map(ends.filter(([, last]) => last !== 0) as [number, Seq][]);
  }
}

const duplicate = (key: string) =>
  Object.assign(new Error(`Duplicate entry for key '${key}'`), { code: 'ER_DUP_ENTRY' });

const stateOf = (id: number, last = 0) =>
  new ChannelState(
    channelId(id),
    { title: 't', inviteCode: 'i', shardId: 1, headCount: 1, members: new Set([userId(1)]) },
    seq(last),
  );

function pending(channel: ChannelState, user: number, once: number): PendingWrite {
  const write: Write = {
    kind: 'WRITE',
    channelId: channel.id,
    origin: { userId: userId(user), username: 'u', server: '1', connection: 'c', request: 'r' },
    once,
    frame: { type: 'WRITE_MESSAGE', serial: null, channelId: channel.id, content: `${user}-${once}` },
  };
  return { write, channel };
}

function writerOn(shard: FakeShard): MessageWriter {
  return new MessageWriter(shard as unknown as MessageStore, { forget: () => undefined } as never);
}

describe('MessageWriter', () => {
  it('continues the sequence of each channel', async () => {
    const [one, two] = [stateOf(1, 7), stateOf(2)];
    const written = await writerOn(new FakeShard()).write([pending(one, 1, 1), pending(two, 1, 1), pending(one, 1, 2)]);
    expect(written.map((write) => write.seq)).toEqual([8, 1, 9]);
  });

  it('gives a repetition in the same batch, in a later one, and after a restart the first sequence', async () => {
    const shard = new FakeShard();
    const channel = stateOf(1);
    const first = await writerOn(shard).write([pending(channel, 1, 5), pending(channel, 1, 5)]);
    const again = await writerOn(shard).write([pending(channel, 1, 5)]);
    const restarted = await writerOn(shard).write([pending(stateOf(1, 1), 1, 5), pending(stateOf(1, 1), 1, 6)]);
    expect([...first, ...again].map((write) => write.seq)).toEqual([1, 1, 1]);
    expect(restarted[0]?.seq).toBe(1);
    expect(shard.rows).toHaveLength(2);
  });

  it('finds a row whose confirmation was lost', async () => {
    const shard = new FakeShard();
    shard.faults = ['lose answer'];
    const written = await writerOn(shard).write([pending(stateOf(1), 1, 1)]);
    expect(written[0]?.seq).toBe(1);
    expect(shard.rows).toHaveLength(1);
  });

  it('is fenced by the key when its memory of the channel is old', async () => {
    const shard = new FakeShard();
    await writerOn(shard).write([pending(stateOf(1), 2, 1), pending(stateOf(1, 1), 2, 2)]);
    const zombie = await writerOn(shard).write([pending(stateOf(1), 1, 1)]);
    expect(zombie[0]?.seq).toBe(3);
  });

  it('never loses, doubles or skips, whatever fails in between', async () => {
    const attempt = fc.record({
      writes: fc.array(
        fc.tuple(fc.integer({ min: 1, max: 2 }), fc.integer({ min: 1, max: 2 }), fc.integer({ min: 0, max: 9 })),
        { minLength: 1 },
      ),
      faults: fc.array(fc.constantFrom('refuse' as const, 'lose answer' as const), { maxLength: 1 }),
      restart: fc.boolean(),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(attempt, { maxLength: 5 }), async (attempts) => {
        const shard = new FakeShard();
        let channels = [stateOf(1), stateOf(2)];
        const answers = new Map<string, Seq>();
        for (const { writes, faults, restart } of attempts) {
          if (restart) {
            const last = await shard.lastSequences(1, [1, 2]);
            channels = [1, 2].map((id) => stateOf(id, last.get(id) ?? 0));
          }
          shard.faults = [...faults];
          const batch = writes.map(([channel, user, once]) =>
            pending(channels[channel - 1] as ChannelState, user, once),
          );
          for (const { write, channel, seq: given } of await writerOn(shard).write(batch)) {
            const key = writeKey({ channelId: channel.id, userId: write.origin.userId, once: write.once });
            expect(given).toBe(answers.get(key) ?? given);
            if (given !== undefined) answers.set(key, given);
          }
        }
        for (const id of [1, 2]) {
          const sequences = shard.rows
            .filter((row) => row.channelId === id)
            .map((row) => row.seq)
            .sort((a, b) => a - b);
          expect(sequences).toEqual(sequences.map((_, index) => index + 1));
        }
        for (const row of shard.rows) expect(answers.get(writeKey(row))).toBe(row.seq);
        expect(answers.size).toBe(shard.rows.length);
      }),
      { numRuns: 40 },
    );
  }, 60_000);
});
