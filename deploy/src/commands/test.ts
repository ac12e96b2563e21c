import { spawn } from 'node:child_process';
import { cp, mkdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { chooseBackend, type Backend, type TestServers, type TestServersOptions } from '../containers/backend.js';
import { startTestServers } from '../containers/test-servers.js';
import { DeployError } from '../errors.js';
import { ensureBrowser } from '../native/packages.js';
import { startStack } from '../stack/start-stack.js';
import { removeStack } from '../stack/stack.js';
import { stateRoot, workspaceRoot } from '../workspace.js';
import { chaosCommand } from './chaos.js';
import { interruption, say } from './output.js';
import {
  CHECK_COMMANDS,
  COVERAGE_COMMAND,
  jestCommand,
  MEASURING,
  planMysql,
  planServers,
  planTests,
  type Check,
  type ServerRun,
  type TestTier,
} from './test-tiers.js';

const TEST_PORT_OFFSET = 10_000;
const stackDir = join(stateRoot, 'test', 'stack');
const counters = join(stateRoot, 'test', 'coverage', 'counters');
const resultsDir = join(stateRoot, 'test', 'results');

/** Tests come from one address and make many accounts; limits per name stay as they are. */
const UNLIMITED = '1000000';
const TEST_SETTINGS = {
  LOGIN_LIMIT_PER_ADDRESS_PER_MINUTE: UNLIMITED,
  REGISTER_LIMIT_PER_ADDRESS_PER_MINUTE: UNLIMITED,
};

type Environment = Readonly<Record<string, string>>;

interface Count {
  readonly passed: number;
  readonly failed: number;
}

const JestResult = z.object({
  numPassedTests: z.number(),
  numFailedTests: z.number(),
  /** Files that could not even be loaded; their tests are counted nowhere else. */
  numRuntimeErrorTestSuites: z.number(),
});

/** Runs to the end with our own output streams; an interruption reaches it too. */
function runVisibly(
  [program, ...args]: readonly [string, ...string[]],
  env: Environment,
  signal: AbortSignal,
): Promise<number> {
  signal.throwIfAborted();
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, {
      cwd: workspaceRoot,
      // oxlint finds its type checker, and all find Node, on the path.
      env: {
        ...process.env,
        PATH: `${join(workspaceRoot, 'node_modules', '.bin')}:${process.env['PATH'] ?? ''}`,
        ...env,
      },
      stdio: ['ignore', 'inherit', 'inherit'],
    });
    const end = () => void child.kill('SIGTERM');
    signal.addEventListener('abort', end, { once: true });
    child.once('error', reject);
    child.once('close', (code) => {
      signal.removeEventListener('abort', end);
      if (signal.aborted) reject(signal.reason);
      else resolve(code ?? 1);
    });
  });
}

async function runCheck(check: Check, signal: AbortSignal): Promise<Count> {
  say(`\n== ${check}`);
  const code = await runVisibly(CHECK_COMMANDS[check], { NX_DAEMON: 'false', NX_NO_CLOUD: 'true' }, signal);
  return code === 0 ? { passed: 1, failed: 0 } : { passed: 0, failed: 1 };
}

/** A few faults, other ones each time: the seed is printed, and repeats them. It brings a system of its own. */
async function runChaos(signal: AbortSignal): Promise<Count> {
  say('\n== chaos');
  const own = ['--state', join(stateRoot, 'test', 'chaos'), '--offset', String(TEST_PORT_OFFSET)];
  const code = await runVisibly(chaosCommand(['--quick', ...own]), {}, signal);
  return code === 0 ? { passed: 1, failed: 0 } : { passed: 0, failed: 1 };
}

async function runTests(
  tier: TestTier,
  files: readonly string[],
  env: Environment,
  signal: AbortSignal,
): Promise<Count> {
  say(`\n== ${tier} tests`);
  const resultFile = join(resultsDir, `${tier}.json`);
  await mkdir(resultsDir, { recursive: true });
  await rm(resultFile, { force: true });
  const code = await runVisibly(jestCommand(files, resultFile, tier !== 'unit'), env, signal);
  const text = await readFile(resultFile, 'utf8').catch(() => '{}');
  const result = JestResult.safeParse(JSON.parse(text));
  if (!result.success) return { passed: 0, failed: 1 };
  const failed = result.data.numFailedTests + result.data.numRuntimeErrorTestSuites;
  // Jest may also fail as a whole, such as by a handle left open with --detectOpenHandles.
  return { passed: result.data.numPassedTests, failed: code !== 0 && failed === 0 ? 1 : failed };
}

/** Everything, for system tests: with two connection and two message services, and a browser if a test uses one. */
async function startSystem(
  files: readonly string[],
  measuring: Environment,
  options: TestServersOptions,
): Promise<TestServers> {
  const usesBrowser = files.some((file) => file.includes('e2e/browser/'));
  const browser = usesBrowser ? { PARLEY_BROWSER: await ensureBrowser(say) } : {};
  const stack = await startStack({
    ...options,
    profile: 'single',
    scale: { connection: 2, message: 2 },
    env: {
      auth: { ...TEST_SETTINGS, ...measuring },
      connection: measuring,
      message: measuring,
      push: measuring,
    },
  });
  return {
    env: { ...stack.env, ...browser, PARLEY_STACK: stack.descriptionPath },
    stop: async () => void (await stack.stop()),
  };
}

/** Whatever an earlier run has left is stopped and deleted first; what is started ends with this process. */
async function startFresh(run: ServerRun, measuring: Environment, signal: AbortSignal): Promise<TestServers> {
  await removeStack(stackDir);
  const { engine } = run;
  const options = { stateDir: stackDir, portOffset: TEST_PORT_OFFSET, engine, progress: say, signal };
  return run.tier === 'e2e' ? startSystem(run.files, measuring, options) : startTestServers(options, run.backend);
}

async function runWithServers(run: ServerRun, measuring: Environment, signal: AbortSignal): Promise<Count> {
  const { tier, engine, files } = run;
  say(`\n== servers for ${tier} tests${engine === undefined ? '' : ` on ${engine}`}`);
  let servers: TestServers;
  try {
    servers = await startFresh(run, measuring, signal);
  } catch (error) {
    if (!(error instanceof DeployError)) throw error;
    say(`the servers for ${tier} tests do not start: ${error.message}`);
    return { passed: 0, failed: 1 };
  }
  try {
    // For tests that start databases of their own.
    const chosen = engine === undefined ? {} : { PARLEY_DATABASE: engine };
    const count = await runTests(tier, files, { ...servers.env, ...chosen, ...measuring }, signal);
    if (count.failed > 0) await keepLogs(tier);
    return count;
  } finally {
    await servers.stop();
  }
}

/** The next tier begins with an empty folder; what a failure may need is put aside. */
async function keepLogs(tier: string): Promise<void> {
  const kept = join(stateRoot, 'test', `${tier}-logs`);
  await rm(kept, { recursive: true, force: true });
  await cp(join(stackDir, 'logs'), kept, { recursive: true });
  say(`logs of the servers: ${kept}`);
}

async function runCoverage(signal: AbortSignal): Promise<Count> {
  say('\n== coverage');
  const code = await runVisibly(COVERAGE_COMMAND, {}, signal);
  return code === 0 ? { passed: 1, failed: 0 } : { passed: 0, failed: 1 };
}

const sum = (counts: readonly Count[], key: keyof Count): number =>
  counts.reduce((total, count) => total + count[key], 0);

/** `test [coverage|lint|format|types|unit|int|e2e|mysql|chaos ...] [part of a path ...]`: ends with `N passed, N failed`. */
export async function test(args: readonly string[]): Promise<number> {
  const signal = interruption();
  const { checks, files, isMeasured, onMysql, withChaos } = planTests(args);
  const counts: Count[] = [];
  for (const check of checks) counts.push(await runCheck(check, signal));
  if (isMeasured) await rm(counters, { recursive: true, force: true });
  const measuring: Environment = isMeasured ? MEASURING : {};
  if (files.unit.length > 0) counts.push(await runTests('unit', files.unit, measuring, signal));
  const backend: Backend = files.int.length > 0 ? await chooseBackend() : 'native';
  for (const run of [...planServers(files, backend), ...planMysql(onMysql)]) {
    counts.push(await runWithServers(run, measuring, signal));
  }
  if (withChaos) counts.push(await runChaos(signal));
  if (isMeasured) counts.push(await runCoverage(signal));
  if (counts.length === 0) throw new DeployError(`no test matches ${args.join(' ')}`);
  const failed = sum(counts, 'failed');
  say(`\n${sum(counts, 'passed')} passed, ${failed} failed`);
  return failed === 0 ? 0 : 1;
}
