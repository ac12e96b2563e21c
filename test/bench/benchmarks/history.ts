import mysql from 'mysql2/promise';
import { type Percentiles, percentiles, prepare, Samples, seeded, silent, type TestData } from '@parley/load';
import { Asker } from '../asker.ts';
import { type Benchmark, type Context, keep, loadOptions, ms, ratio, whole } from '../context.ts';
import { shardUrls } from '../stored.ts';

const PAGE = 100;
const FEW = 1_000;
const ROWS = 1_000;
const PER_CHANNEL = 10;
const TEXT = 'x'.repeat(200);

/** A shard's connection that takes messages in bulk; channels are spread over the shards by their ids, as when created. */
class History {
  readonly #shards: readonly mysql.Connection[];

  private constructor(shards: readonly mysql.Connection[]) {
    this.#shards = shards;
  }

  static async open(context: Context): Promise<History> {
    return new History(await Promise.all(shardUrls(context.stack).map((uri) => mysql.createConnection({ uri }))));
  }

  async fill(channels: readonly number[], author: number, messages: number): Promise<void> {
    const rows = channels.flatMap((channel) =>
      Array.from({ length: messages }, (_, index) => [channel, index + 1, author, index + 1, TEXT]),
    );
    const byShard = Map.groupBy(rows, ([channel]) => (Number(channel) - 1) % this.#shards.length);
    await Promise.all(
      [...byShard].map(async ([shard, own]) => {
        for (let start = 0; start < own.length; start += ROWS) {
          await this.#shards[shard]?.query(
            'INSERT INTO message (channel_id, message_sequence, user_id, once, content) VALUES ?',
            [own.slice(start, start + ROWS)],
          );
        }
      }),
    );
  }

  async fillOne(channel: number, author: number, messages: number): Promise<void> {
    const part = 50_000;
    for (let first = 1; first <= messages; first += part) {
      const count = Math.min(part, messages - first + 1);
      const shard = this.#shards[(channel - 1) % this.#shards.length];
      for (let start = 0; start < count; start += ROWS) {
        const rows = Array.from({ length: Math.min(ROWS, count - start) }, (_, index) => {
          const sequence = first + start + index;
          return [channel, sequence, author, sequence, TEXT];
        });
        await shard?.query('INSERT INTO message (channel_id, message_sequence, user_id, once, content) VALUES ?', [
          rows,
        ]);
      }
    }
  }

  async close(): Promise<void> {
    await Promise.all(this.#shards.map((shard) => shard.end()));
  }
}

interface Times {
  readonly fetch: Percentiles;
  readonly enter: Percentiles;
}

/** Random pages and enters of each of the channels in turn, so that noise meets all of them alike. */
async function timesOf(
  context: Context,
  asker: Asker,
  kinds: readonly { readonly channels: readonly number[]; readonly messages: number }[],
  rounds: number,
): Promise<Times[]> {
  const random = seeded(context.seed);
  const times = kinds.map(() => ({ fetch: new Samples(), enter: new Samples() }));
  for (let round = 0; round < rounds; round += 1) {
    for (const [index, { channels, messages }] of kinds.entries()) {
      const channelId = channels[Math.floor(random() * channels.length)];
      const [entered, enterUs] = await asker.ask({ type: 'ENTER_REQUEST', channelId });
      if (entered.type !== 'ENTER_RESPONSE') throw new Error(`not entered: ${JSON.stringify(entered)}`);
      const wanted = Math.min(PAGE, messages);
      const first = 1 + Math.floor(random() * (messages - wanted + 1));
      const range = { startMessageSeqId: first, endMessageSeqId: first + wanted - 1 };
      const [page, fetchUs] = await asker.ask({ type: 'FETCH_MESSAGES_REQUEST', channelId, ...range });
      if (page.type !== 'FETCH_MESSAGES_RESPONSE' || page.messages.length !== wanted) {
        throw new Error(`not a whole page: ${page.type}`);
      }
      times[index]?.enter.add(enterUs);
      times[index]?.fetch.add(fetchUs);
    }
  }
  return times.map(({ fetch, enter }) => ({ fetch: percentiles(fetch.slice()), enter: percentiles(enter.slice()) }));
}

export const history: Benchmark = {
  name: 'history',
  about: 'pages and enters with a million messages in one channel, and a million over 100,000 channels',
  async run(context) {
    const many = context.long ? 1_000_000 : 100_000;
    const spread = many / PER_CHANNEL;
    process.stderr.write(`\n--- history: storing ${whole(many * 2)} messages\n`);
    // Three channels of one member each, and one member of very many channels.
    const single = await prepare(loadOptions(context, '--users 1 --channels 3 --members 1 --via direct'), silent);
    const wide = await prepare(loadOptions(context, `--users 1 --channels ${spread} --members 1 --via direct`), silent);
    const author = (data: TestData): number => data.userIds[0] ?? 0;
    const [few = 0, large = 0] = single.data.channelIds;
    const store = await History.open(context);
    try {
      await store.fillOne(few, author(single.data), FEW);
      await store.fillOne(large, author(single.data), many);
      for (let start = 0; start < spread; start += ROWS) {
        await store.fill(wide.data.channelIds.slice(start, start + ROWS), author(wide.data), PER_CHANNEL);
      }
    } finally {
      await store.close();
    }
    const [server] = single.servers;
    const url = `http://${server?.host}:${server?.port}`;
    const rounds = context.long ? 2_000 : 400;
    const one = await Asker.open(url, single.data.cookies[0] ?? '');
    const other = await Asker.open(url, wide.data.cookies[0] ?? '');
    try {
      const kinds = [
        { channels: [few], messages: FEW },
        { channels: [large], messages: many },
      ];
      await timesOf(context, one, kinds, 50);
      const [base, big] = await timesOf(context, one, kinds, rounds);
      const [scattered] = await timesOf(
        context,
        other,
        [{ channels: wide.data.channelIds, messages: PER_CHANNEL }],
        rounds,
      );
      if (!base || !big || !scattered) throw new Error('nothing was timed');
      await keep(context, 'history', { base, big, scattered });
      const row = (name: string, { fetch, enter }: Times) => [
        name,
        `${ms(fetch.p50)} / ${ms(fetch.p99)}`,
        `${ratio(fetch.p50, base.fetch.p50)} / ${ratio(fetch.p99, base.fetch.p99)}`,
        `${ms(enter.p50)} / ${ms(enter.p99)}`,
        `${ratio(enter.p50, base.enter.p50)} / ${ratio(enter.p99, base.enter.p99)}`,
      ];
      return {
        title: 'History: one page of 100 and one enter at a time',
        columns: ['messages', 'page p50 / p99 ms', 'to 1,000 messages', 'enter p50 / p99 ms', 'to 1,000 messages'],
        rows: [
          row(`${whole(FEW)} in one channel`, base),
          row(`${whole(many)} in one channel`, big),
          row(
            `${whole(many)} over ${whole(spread)} channels (pages of ${PER_CHANNEL}, most of them seen for the first time)`,
            scattered,
          ),
        ],
        notes: ['The bound is the same system with 1,000 messages; channels take turns, so noise meets them alike.'],
        clean: undefined,
      };
    } finally {
      one.close();
      other.close();
    }
  },
};
