import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { SOCKETS_PER_PROCESS } from './run/parts.js';
import { checkPlan, type PlanOptions } from './run/plan.js';

export const USAGE = `Usage: npm run load -- [options]

Who takes part
  --users <n>           sockets, one for each user (default channels × members)
  --channels <n>        channels (default 50)
  --members <n>         members of a channel (default 10)
  --senders <n>         of each channel, how many write (default 1)

What they do
  --window <n>          closed loop: each sender has n messages under way (default 1)
  --rate <n>            open loop: n messages per second over all senders; latency counts from when one was due
  --bytes <n>           bytes of a text (default 200)
  --read-acks           every delivery is answered with READ_MESSAGE_ACK
  --seconds <n>         measured time (default 20)
  --warmup <n>          time before it (default 3)
  --drain <n>           longest wait for what is under way at the end (default 15)
  --connects <n>        connections that are opened at the same time (default 200)
  --process-sockets <n> sockets of one process; with more there are several (default 15000)
  --seed <n>            same seed, same run (default 1)
  --scenario <file>     a file with any of these options; what is given beside it counts instead (see apps/load/scenarios)

Where
  --stack <file>        stack.json of a running stack (default that of npm start): its databases take the test data, its
                        processes are measured. Without it: the environment variables of services
  --via <way>           consul (default): load balancers found through Consul; nginx: the first load balancer;
                        direct: all connection servers
  --server <url,...>    these servers instead
  --consul <url,...>    these Consul servers instead

Result
  --json <file>         everything that was measured
  --svg <file>          a picture: throughput, latency and memory over time
  --quiet               no progress line
  --help                this text

Test data goes straight into the databases and stays there: use a stack that can be thrown away.`;

export type Via = 'consul' | 'nginx' | 'direct';

export interface LoadOptions extends PlanOptions {
  readonly window: number;
  readonly rate: number | undefined;
  readonly bytes: number;
  readonly readAcks: boolean;
  readonly seconds: number;
  readonly warmup: number;
  readonly drain: number;
  readonly connects: number;
  readonly processSockets: number;
  readonly seed: number;
  readonly stack: string | undefined;
  readonly via: Via;
  readonly servers: readonly string[];
  readonly consul: readonly string[];
  readonly json: string | undefined;
  readonly svg: string | undefined;
  readonly quiet: boolean;
}

const TEXTS = { type: 'string' } as const;
const FLAG = { type: 'boolean', default: false } as const;

const parse = (args: readonly string[]) =>
  parseArgs({
    args: [...args],
    options: {
      users: TEXTS,
      channels: TEXTS,
      members: TEXTS,
      senders: TEXTS,
      window: TEXTS,
      rate: TEXTS,
      bytes: TEXTS,
      'read-acks': FLAG,
      seconds: TEXTS,
      warmup: TEXTS,
      drain: TEXTS,
      connects: TEXTS,
      'process-sockets': TEXTS,
      seed: TEXTS,
      scenario: TEXTS,
      stack: TEXTS,
      via: TEXTS,
      server: TEXTS,
      url: TEXTS,
      consul: TEXTS,
      json: TEXTS,
      svg: TEXTS,
      quiet: FLAG,
      help: { ...FLAG, short: 'h' },
    },
  }).values;

/** A scenario reads as if it were typed; a line that begins with # says what it is about. */
function wordsOf(scenario: string): string[] {
  const lines = readFileSync(scenario, 'utf8').split('\n');
  const words = lines.filter((line) => !line.startsWith('#')).flatMap((line) => line.split(/\s+/));
  if (words.includes('--scenario')) throw new Error(`${scenario}: a scenario cannot name another one`);
  return words.filter((word) => word !== '');
}

/** Undefined when help was asked for. Throws an Error whose message tells the user what is wrong. */
export function readOptions(args: readonly string[]): LoadOptions | undefined {
  const { scenario } = parse(args);
  const values = parse(scenario === undefined ? args : [...wordsOf(scenario), ...args]);
  if (values.help) return undefined;
  if (values.rate !== undefined && values.window !== undefined) throw new Error('choose --rate or --window, not both');
  const channels = whole('--channels', values.channels, 50);
  const members = whole('--members', values.members, 10);
  const options: LoadOptions = {
    channels,
    members,
    users: whole('--users', values.users, channels * members),
    senders: whole('--senders', values.senders, 1, 0),
    window: whole('--window', values.window, 1),
    rate: values.rate === undefined ? undefined : number('--rate', values.rate, 1),
    bytes: whole('--bytes', values.bytes, 200, 16),
    readAcks: values['read-acks'],
    seconds: number('--seconds', values.seconds, 20),
    warmup: number('--warmup', values.warmup, 3, 0),
    drain: number('--drain', values.drain, 15, 0),
    connects: whole('--connects', values.connects, 200),
    processSockets: whole('--process-sockets', values['process-sockets'], SOCKETS_PER_PROCESS),
    seed: whole('--seed', values.seed, 1, 0),
    stack: values.stack,
    via: way(values.via ?? 'consul'),
    servers: list(values.server ?? values.url),
    consul: list(values.consul),
    json: values.json,
    svg: values.svg,
    quiet: values.quiet,
  };
  const problem = checkPlan(options);
  if (problem !== undefined) throw new Error(problem);
  return options;
}

function number(option: string, given: string | undefined, otherwise: number, least = 0.001): number {
  if (given === undefined) return otherwise;
  const value = Number(given);
  if (!(value >= least)) throw new Error(`${option}: "${given}" is not a number from ${least}`);
  return value;
}

function whole(option: string, given: string | undefined, otherwise: number, least = 1): number {
  const value = number(option, given, otherwise, least);
  if (!Number.isSafeInteger(value)) throw new Error(`${option}: "${given}" is not a whole number`);
  return value;
}

function way(given: string): Via {
  if (given === 'consul' || given === 'nginx' || given === 'direct') return given;
  throw new Error(`--via: "${given}" is not consul, nginx or direct`);
}

const list = (given: string | undefined): string[] => (given ?? '').split(',').filter((item) => item !== '');
