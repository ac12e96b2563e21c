import { setTimeout as delay } from 'node:timers/promises';
import { guestsOf, LoadRun, prepare, silent } from '@parley/load';
import { rawInserts } from '../bounds/insert.ts';
import { type Benchmark, keep, loadOptions, ratio, whole } from '../context.ts';
import { storedIn } from '../stored.ts';

const MESSAGES = 10_000;
const LONGEST_MS = 60_000;

/** Ten thousand messages handed in at once: how long until each is acknowledged, which means stored. */
export const inserts: Benchmark = {
  name: 'inserts',
  about: '10,000 messages at once: time until all are acknowledged and stored',
  async run(context) {
    const raw = await rawInserts(context.stack, { rows: MESSAGES * 3, batch: 200 });
    const boundSeconds = MESSAGES / raw.perSecond;
    const options = loadOptions(context, '--channels 50 --members 10 --senders 10 --window 8 --via direct');
    const subject = await prepare(options, silent);
    const run = new LoadRun(guestsOf(options, subject.data), {
      ...options,
      servers: subject.servers,
      connectsAtOnce: 200,
    });
    const rows: string[][] = [];
    let clean = true;
    try {
      await run.connectAll();
      await run.enterAll();
      for (let round = 0; round <= (context.long ? 5 : 3); round += 1) {
        const before = await storedIn(context.stack, subject.data.channelIds);
        const began = performance.now();
        const goal = run.recorder.acks + MESSAGES;
        run.start(MESSAGES);
        while (run.recorder.acks < goal && performance.now() - began < LONGEST_MS) await delay(2);
        const seconds = (performance.now() - began) / 1000;
        run.stop();
        await run.settle(10_000);
        const after = await storedIn(context.stack, subject.data.channelIds);
        clean &&= run.isSettled && after - before === MESSAGES;
        // The first round warms up.
        if (round > 0) {
          rows.push([
            String(round),
            seconds.toFixed(2),
            whole(MESSAGES / seconds),
            whole(after - before),
            boundSeconds.toFixed(2),
            ratio(seconds, boundSeconds),
          ]);
        }
      }
      await keep(context, 'inserts', { rows, findings: run.findings() });
      const { doubled, outOfOrder } = run.findings();
      clean &&= doubled + outOfOrder === 0;
    } finally {
      run.close();
    }
    return {
      title: '10,000 messages at once',
      columns: [
        'round',
        'seconds until all are acknowledged',
        'messages/s',
        'rows stored',
        'raw insert, s',
        'to raw insert',
      ],
      rows,
      notes: ['500 senders with up to 8 messages under way each; the rows are counted in the databases afterwards.'],
      clean,
    };
  },
};
