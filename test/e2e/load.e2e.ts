import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runningSystem } from '@parley/testing';
import { z } from 'zod';

const { stack } = await runningSystem();
const generator = join(import.meta.dirname, '..', '..', 'apps', 'load', 'dist', 'main.js');

const Result = z.object({
  connect: z.object({ count: z.number() }),
  sent: z.number(),
  acks: z.number(),
  findings: z.object({ lost: z.number(), doubled: z.number(), outOfOrder: z.number(), unanswered: z.number() }),
  processes: z.array(z.object({ name: z.string(), cpuSeconds: z.number() })),
  series: z.array(z.object({ deliveries: z.number() })),
});

/** Runs the load generator as people do; returns its exit code and its result file. */
async function load(...options: readonly string[]) {
  const folder = await mkdtemp(join(tmpdir(), 'load-'));
  const [json, svg] = [join(folder, 'result.json'), join(folder, 'picture.svg')];
  try {
    const args = [generator, '--stack', stack.descriptionPath, '--json', json, '--svg', svg, ...options];
    const code = await new Promise<number>((resolve) => {
      const child = execFile(process.execPath, args, () => resolve(child.exitCode ?? -1));
    });
    return {
      code,
      result: Result.parse(JSON.parse(await readFile(json, 'utf8'))),
      picture: await readFile(svg, 'utf8'),
    };
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** Programs start, and the stack shares its cores with them. */
const LONG = 120_000;

const clean = { lost: 0, doubled: 0, outOfOrder: 0, unanswered: 0 };
const short = ['--warmup', '0', '--seconds', '2', '--drain', '60', '--channels', '4', '--members', '5'];

describe('the load generator', () => {
  it(
    'finds nothing lost in a closed loop with read acknowledgements, and measures every process',
    async () => {
      const { code, result, picture } = await load(...short, '--senders', '5', '--window', '2', '--read-acks');
      expect({ code, findings: result.findings }).toEqual({ code: 0, findings: clean });
      expect(result.connect.count).toBe(20);
      expect(result.sent).toBeGreaterThan(0);
      const names = result.processes.map(({ name }) => name);
      expect(names).toEqual(expect.arrayContaining(['connection-1', 'message-1', 'kafka-1', 'redis-1', 'nginx-1']));
      expect(picture).toContain('<svg');
    },
    LONG,
  );

  it(
    'finds nothing lost in an open loop that several of its processes share',
    async () => {
      const options = ['--users', '30', '--senders', '1', '--rate', '20', '--process-sockets', '10'];
      const { code, result } = await load(...short, ...options);
      expect({ code, findings: result.findings }).toEqual({ code: 0, findings: clean });
      expect(result.connect.count).toBe(30);
      expect(result.series.length).toBeGreaterThan(0);
    },
    LONG,
  );
});
