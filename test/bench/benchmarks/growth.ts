import { setTimeout as delay } from 'node:timers/promises';
import type { LoadResult } from '@parley/load';
import { isClean, usedBetween, usedBy } from '@parley/load';
import { type Benchmark, type Context, cpuParts, load, ms, ratio, seconds, stackCpu, whole } from '../context.ts';
import { type Requests, requestsBetween, requestsOf } from '../requests.ts';

const RATE = 300;
const DELIVERIES = 3_000;

interface Cell {
  readonly name: string;
  readonly line: string;
}

const SIZES = [10, 100, 1_000];
const channelCell = (channels: number): Cell => ({
  name: `${whole(channels)} channels × 10 members`,
  line: `--channels ${channels} --members 10 --senders 1 --rate ${RATE}`,
});
const memberCell = (members: number): Cell => ({
  name: `channels of ${whole(members)} members`,
  line: `--channels ${members < 1_000 ? 10 : 2} --members ${members} --senders 1 --rate ${DELIVERIES / members}`,
});

const cpuADelivery = ({ processes, deliveries }: LoadResult): number =>
  (processes.reduce((sum, each) => sum + each.cpuSeconds, 0) * 1e6) / Math.max(1, deliveries);

/** Cores that the stack uses while nobody does anything: heartbeats, empty fetches, health checks. */
async function upkeep(context: Context): Promise<number> {
  // What the last load has left is dealt with first.
  await delay(3_000);
  const time = seconds(context, 5, 10);
  const before = await usedBy(context.stack);
  await delay(time * 1_000);
  const used = usedBetween(before, await usedBy(context.stack));
  return used.reduce((sum, each) => sum + each.cpuSeconds, 0) / time;
}

/** CPU µs of a message beyond upkeep. */
const beyond = (result: LoadResult, cores: number): number => stackCpu(result) - (cores * 1e6) / result.acksPerSecond;

/** Messages for each of them, and how many there are in a second. */
function carried({ messages, connection, message, inserts }: Requests, messagesPerSecond: number): string[] {
  const each = (requests: number): string => ms(messages / Math.max(1, requests));
  const all = connection + message + inserts;
  return [
    `${each(connection)} / ${each(message)} / ${each(inserts)}`,
    whole((all / Math.max(1, messages)) * messagesPerSecond),
  ];
}

/** One more of connection and message each time; loads go to all of them. */
async function scaled(context: Context, instances: number): Promise<void> {
  for (const kind of ['connection', 'message'] as const) {
    for (let id = 2; id <= instances; id += 1) {
      if ((await context.stack.table.running(`${kind}-${id}`)) === undefined) {
        await context.stack.startService(kind, String(id));
      }
    }
  }
}

async function unscaled(context: Context, instances: number): Promise<void> {
  for (const kind of ['connection', 'message']) {
    for (let id = 2; id <= instances; id += 1) await context.stack.table.stop(`${kind}-${id}`, 10_000);
  }
}

/** What a delivery costs as channels, members and instances grow. */
export const growth: Benchmark = {
  name: 'growth',
  about: 'CPU of a delivery at 10 to 1,000 channels, 10 to 1,000 members, 1 to 4 instances',
  async run(context) {
    const time = `--via direct --seconds ${seconds(context, 5, 15)} --warmup`;
    const warmup = seconds(context, 3, 6);
    const rows: string[][] = [];
    let clean = true;
    /** The first of each kind, to which the others are compared. */
    const bases = new Map<string, { readonly ours: LoadResult; readonly own: number }>();
    let cores = await upkeep(context);
    const upkeeps: string[] = [];
    const measure = async (kind: string, { name, line }: Cell, sameMessage = true, warm = warmup): Promise<void> => {
      const before = await requestsOf(context.stack);
      const ours = await load(context, `growth-${name.replace(/\W+/g, '-')}`, `${line} ${time} ${warm}`);
      const requests = requestsBetween(before, await requestsOf(context.stack));
      const own = beyond(ours, cores);
      clean &&= isClean(ours);
      const base = bases.get(kind) ?? { ours, own };
      bases.set(kind, base);
      rows.push([
        name,
        whole(ours.acksPerSecond),
        whole(ours.deliveriesPerSecond),
        whole(stackCpu(ours)),
        sameMessage ? ratio(stackCpu(ours), stackCpu(base.ours)) : '–',
        sameMessage ? whole(own) : '–',
        sameMessage ? ratio(own, base.own) : '–',
        cpuADelivery(ours).toFixed(1),
        ratio(cpuADelivery(ours), cpuADelivery(base.ours)),
        `${ms(ours.deliveryLatency.p50)} / ${ms(ours.deliveryLatency.p99)}`,
        ...carried(requests, ours.acksPerSecond),
        cpuParts(ours),
      ]);
    };
    const sizes = context.long ? SIZES : [Math.min(...SIZES), Math.max(...SIZES)];
    for (const size of sizes) await measure('channels', channelCell(size));
    // A message to more members costs more by nature: there it is the delivery that counts.
    for (const size of sizes) await measure('members', memberCell(size), false);
    const most = context.long ? [1, 2, 4] : [1, 2];
    try {
      for (const instances of most) {
        await scaled(context, instances);
        const urls = await connectionUrls(context);
        const name = `${instances} × connection and message`;
        const line = `--channels 50 --members 10 --senders 10 --server ${urls.join(',')}`;
        cores = await upkeep(context);
        upkeeps.push(`${cores.toFixed(2)} cores with ${instances} of each`);
        // Those that have just begun are slow until their code is compiled.
        await measure('instances, full', { name: `${name}, full`, line: `${line} --window 8` }, true, 3 * warmup);
        await measure('instances', { name, line: `${line} --rate 1000` });
      }
    } finally {
      await unscaled(context, Math.max(...most));
    }
    return {
      title: 'Growth',
      columns: [
        'load',
        'messages/s',
        'deliveries/s',
        'CPU µs a message',
        'to the first',
        'without upkeep',
        'to the first',
        'CPU µs a delivery',
        'to the first',
        'delivery p50 / p99 ms',
        'messages a request of connection / of message / a statement',
        'all of these/s',
        'of which µs a message',
      ],
      rows,
      notes: [
        `Channels at ${RATE} messages/s, members at ${whole(DELIVERIES)} deliveries/s, instances at 1,000 messages/s to 50 × 10, and with as many as they take (full). The bound of a row is the first row of its kind: the same deliveries must not cost more.`,
        'Requests are those with records that Kafka has confirmed, statements those that have stored messages, each with the messages of the whole run that came to one of them.',
        `Upkeep is what the stack uses while nobody does anything: ${upkeeps.join(', ')}.`,
      ],
      clean,
    };
  },
};

async function connectionUrls({ stack }: Context): Promise<string[]> {
  const names = (await stack.table.names()).filter((name) => name.startsWith('connection-'));
  return names.toSorted().map((name) => stack.process(name).url);
}
