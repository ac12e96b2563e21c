import type { Stack } from '@parley/deploy';
import { connect, paceOf, rawInsert, rawInserts, withTable } from '../bounds/insert.ts';
import { type Benchmark, keep, seconds } from '../context.ts';
import { nest } from '../ours/nest.ts';
import { membership, sequencer, type StepCost } from '../ours/writes.ts';

const BATCH = 200;
const ROWS = 20_000;
const SEQUENCES = 'bench_sequence';

/** What is taken from the table of messages for those who are not to have it. */
const NO_ONCE = 'DROP INDEX once';
const NO_ORDER = `${NO_ONCE}, DROP PRIMARY KEY, ADD COLUMN id BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY FIRST`;

interface Part {
  readonly name: string;
  readonly without: string;
  readonly with: string;
  /** The bound is the same work without the part. */
  readonly measure: () => Promise<StepCost>;
}

/** Parts of a message's way, each with and without it in turns, in one run. */
export const price: Benchmark = {
  name: 'price',
  about: 'what sequences, the keys, membership and Nest cost of a message, each with and without it',
  async run(context) {
    const { stack } = context;
    const sizes = { rows: ROWS, batch: BATCH };
    const inserted = async (without: string | undefined): Promise<number> =>
      (await rawInserts(stack, sizes, without)).cpuMicroseconds;
    const parts: readonly Part[] = [
      {
        name: 'one order for each channel: key (channel, sequence)',
        without: 'rows with a running number',
        with: 'rows with the key',
        measure: async () => ({ bound: await inserted(NO_ORDER), ours: await inserted(NO_ONCE) }),
      },
      {
        name: 'no message twice: key (channel, sender, once)',
        without: 'rows with the first key',
        with: 'rows with both keys',
        measure: async () => ({ bound: await inserted(NO_ONCE), ours: await inserted(undefined) }),
      },
      {
        name: 'sequences, repetitions, rows: the writer, without the database',
        without: 'a loop that counts',
        with: 'the writer',
        measure: () => sequencer(BATCH),
      },
      {
        name: 'not done: a row for the last sequence of each channel, in the same transaction',
        without: 'rows with both keys',
        with: 'and their sequences updated',
        measure: async () => ({ bound: await inserted(undefined), ours: await withSequences(stack) }),
      },
      {
        name: 'members only',
        without: 'everybody may write',
        with: 'the channel and the author are looked for',
        measure: () => membership(BATCH),
      },
      {
        name: `Nest, for a batch of ${BATCH}`,
        without: 'the method is called',
        with: 'Nest calls it',
        measure: () => nest(BATCH),
      },
      {
        name: 'Nest, for a message alone',
        without: 'the method is called',
        with: 'Nest calls it',
        measure: () => nest(1),
      },
    ];
    const rows: string[][] = [];
    for (const part of parts) {
      const rounds: StepCost[] = [];
      for (let round = 0; round < seconds(context, 3, 9); round += 1) rounds.push(await part.measure());
      const middle = (what: (cost: StepCost) => number): string => median(rounds.map(what)).toFixed(2);
      const [bound, ours] = [middle((cost) => cost.bound), middle((cost) => cost.ours)];
      rows.push([part.name, part.without, bound, part.with, ours, middle((cost) => cost.ours - cost.bound)]);
    }
    await keep(context, 'price', { rows });
    return {
      title: 'What each part of a message costs',
      columns: ['part', 'without it', 'CPU µs a message', 'with it', 'CPU µs a message', 'price, µs'],
      rows,
      notes: [
        `Medians of rounds that take turns; the price is the median of the differences within a round. Rows go in ${BATCH} at a time with prepared statements, CPU of client and database together; the rest is CPU of the process alone.`,
      ],
      clean: undefined,
    };
  },
};

/** A transaction for each batch: the sequences of its channels in a table of their own, then its rows. */
async function withSequences(stack: Stack): Promise<number> {
  const connections = await connect(stack);
  const onAll = (sql: string): Promise<unknown> => Promise.all(connections.map((each) => each.query(sql)));
  try {
    await onAll(`CREATE TABLE IF NOT EXISTS ${SEQUENCES} (channel_id BIGINT PRIMARY KEY, last BIGINT NOT NULL)`);
    const insert = rawInsert(connections, BATCH);
    const pace = await withTable(stack, undefined, () =>
      paceOf(stack, { rows: ROWS, batch: BATCH }, async (shard, rows) => {
        const connection = connections[shard];
        const last = new Map(rows.map((row) => [row.channelId, row.seq]));
        await connection?.beginTransaction();
        await connection?.query(
          `INSERT INTO ${SEQUENCES} (channel_id, last) VALUES ? ON DUPLICATE KEY UPDATE last = VALUES(last)`,
          [[...last]],
        );
        await insert(shard, rows);
        await connection?.commit();
      }),
    );
    return pace.cpuMicroseconds;
  } finally {
    await onAll(`DROP TABLE IF EXISTS ${SEQUENCES}`);
    await Promise.all(connections.map((connection) => connection.end()));
  }
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? 0;
}
