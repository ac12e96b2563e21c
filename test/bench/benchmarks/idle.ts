import { setTimeout as delay } from 'node:timers/promises';
import { consulDiscovery } from '@parley/client';
import { isClean, type LoadResult } from '@parley/load';
import { PATHS } from '@parley/protocol';
import { plainLoad } from '../bounds/plain.ts';
import { type Benchmark, type Context, load, loadOptions, ms, ratio, seconds, whole } from '../context.ts';

const memoryOf = ({ memory }: LoadResult, kind: string): number =>
  memory.filter(({ name }) => name.startsWith(kind)).reduce((sum, each) => sum + each.perSocketKiB, 0);

const RESTART_MS = 30_000;

/** Memory of a socket shows only in processes that have not had as many before. */
async function freshProcesses({ stack }: Context): Promise<void> {
  const names = (await stack.table.names()).filter((name) => /^(connection|nginx)-\d+$/.test(name));
  for (const name of names) await stack.process(name).stop();
  await Promise.all(names.map((name) => stack.process(name).start()));
  const deadline = performance.now() + RESTART_MS;
  const inUse = async (): Promise<boolean> => {
    const urls = await consulDiscovery({ urls: stack.urls.consul })().catch(() => []);
    const answers = await Promise.all(urls.map((url) => fetch(url + PATHS.webSocket).catch(() => undefined)));
    return answers.length > 0 && answers.every((answer) => answer !== undefined && answer.status < 500);
  };
  while (!(await inUse()) && performance.now() < deadline) await delay(250);
}

/** Thousands of sockets that mostly listen. */
export const idle: Benchmark = {
  name: 'idle',
  about: '2,000 and 10,000 sockets through nginx: connect rate, memory, then 500 messages/s over them',
  async run(context) {
    const rows = [];
    let clean = true;
    for (const sockets of context.long ? [2_000, context.sockets] : [context.sockets]) {
      const line = `--users ${sockets} --channels ${sockets / 10} --rate 500 --warmup ${seconds(context, 3, 6)} --seconds ${seconds(context, 6, 20)}`;
      await freshProcesses(context);
      const ours = await load(context, `idle-${sockets}`, `${line} --via consul`);
      const plain = await plainLoad(loadOptions(context, line));
      clean &&= isClean(ours);
      rows.push([
        whole(sockets),
        whole(ours.connect.perSecond),
        whole(ours.enter.perSecond),
        memoryOf(ours, 'connection').toFixed(1),
        memoryOf(ours, 'nginx').toFixed(1),
        `${ms(ours.ackLatency.p50)} / ${ms(ours.ackLatency.p99)}`,
        `${ms(ours.deliveryLatency.p50)} / ${ms(ours.deliveryLatency.p99)}`,
        whole(plain.connect.perSecond),
        memoryOf(plain, 'ws').toFixed(1),
        ratio(ours.connect.perSecond, plain.connect.perSecond),
        ratio(memoryOf(ours, 'connection'), memoryOf(plain, 'ws')),
      ]);
    }
    return {
      title: 'Idle sockets, through nginx',
      columns: [
        'sockets',
        'connects/s',
        'enters/s',
        'connection: KiB a socket',
        'nginx: KiB a socket',
        '500/s: ack p50 / p99 ms',
        'delivery p50 / p99 ms',
        'plain ws: connects/s',
        'plain ws: KiB a socket',
        'connects/s to plain ws',
        'memory to plain ws',
      ],
      rows,
      notes: [
        'Memory is the growth of the resident set from no socket to all of them connected and entered, garbage that was not yet collected included. Bound: a plain ws server without nginx, sessions or presence.',
      ],
      clean,
    };
  },
};
