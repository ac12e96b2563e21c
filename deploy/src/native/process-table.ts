import { spawn } from 'node:child_process';
import { mkdir, open, readFile, readdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { DeployError, messageOf } from '../errors.js';
import { identify, isAlive, orphansOf, type ProcessIdentity } from './proc-fs.js';
import { becomesTrue } from './waiting.js';

const ProcessSpec = z.object({
  name: z.string(),
  command: z.array(z.string()).min(1),
  /** Added to the environment of whoever starts the process. */
  env: z.record(z.string(), z.string()).optional(),
  cwd: z.string().optional(),
});
export type ProcessSpec = Readonly<z.infer<typeof ProcessSpec>>;

const ProcessRecord = z.object({ pid: z.number().int(), startTime: z.string(), spec: ProcessSpec });
export type ProcessRecord = ProcessIdentity & { readonly spec: ProcessSpec };

const ORPHAN_END_MS = 2000;
const ROTATE_LOG_BYTES = 20 * 1024 * 1024;

/** Raises the soft limit of open files as far as allowed (an unbounded one makes some servers allocate tables for it). */
const RAISE_LIMITS =
  'h=$(ulimit -Hn); { [ "$h" = unlimited ] || [ "$h" -gt 1048576 ]; } && h=1048576; ulimit -Sn "$h" 2>/dev/null; exec "$@"';

/** While tests count what they run, whatever they start counts as well: the option of Node that makes it count goes on. */
const isMeasuring = process.env['PARLEY_COVERAGE'] !== undefined;

/** Variables that belong to the program which runs us, not to what we run. */
const isPrivate = (name: string): boolean =>
  /^(npm_|JEST_|NX_|PARLEY_)|^(NODE_ENV|INIT_CWD)$/.test(name) || (name === 'NODE_OPTIONS' && !isMeasuring);

/** Servers live where the path of an ordinary user does not lead. */
const SYSTEM_FOLDERS = '/usr/local/sbin:/usr/sbin:/sbin';

export function inheritedEnvironment(): Record<string, string> {
  const own = Object.entries(process.env).flatMap(([name, value]): [string, string][] =>
    value === undefined || isPrivate(name) ? [] : [[name, value]],
  );
  return { ...Object.fromEntries(own), PATH: `${process.env['PATH'] ?? '/usr/bin:/bin'}:${SYSTEM_FOLDERS}` };
}

function signalQuietly(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // It has ended in between.
  }
}

/** Detached processes of one stack: a record and a log file each, so that any later command finds them again. */
export class ProcessTable {
  readonly #records: string;
  readonly #logs: string;

  constructor(readonly stateDir: string) {
    this.#records = join(stateDir, 'processes');
    this.#logs = join(stateDir, 'logs');
  }

  logFile(name: string): string {
    return join(this.#logs, `${name}.log`);
  }

  #recordFile(name: string): string {
    return join(this.#records, `${name}.json`);
  }

  /** Starts the process unless it runs already. Its record holds secrets of its environment, hence the file modes. */
  async start(spec: ProcessSpec): Promise<ProcessIdentity> {
    const running = await this.running(spec.name);
    if (running) return running;
    await this.#endOrphans(spec.name);
    await mkdir(this.#records, { recursive: true, mode: 0o700 });
    const log = await this.openLog(spec.name);
    try {
      const child = spawn('/bin/sh', ['-c', RAISE_LIMITS, 'sh', ...spec.command], {
        detached: true,
        stdio: ['ignore', log.fd, log.fd],
        env: { ...inheritedEnvironment(), ...spec.env },
        ...(spec.cwd === undefined ? {} : { cwd: spec.cwd }),
      });
      const failed = new Promise<never>((_, reject) => child.once('error', reject));
      failed.catch(() => undefined);
      const identity = child.pid === undefined ? await failed : await identify(child.pid);
      child.unref();
      if (identity === undefined) throw new DeployError(`${spec.name} ended at once: see ${this.logFile(spec.name)}`);
      await writeFile(this.#recordFile(spec.name), JSON.stringify({ ...identity, spec }), { mode: 0o600 });
      return identity;
    } finally {
      await log.close();
    }
  }

  async openLog(name: string) {
    await mkdir(this.#logs, { recursive: true, mode: 0o700 });
    const path = this.logFile(name);
    const size = await stat(path).then(
      (found) => found.size,
      () => 0,
    );
    if (size > ROTATE_LOG_BYTES) await rename(path, `${path}.1`);
    return open(path, 'a', 0o600);
  }

  async record(name: string): Promise<ProcessRecord | undefined> {
    const text = await readFile(this.#recordFile(name), 'utf8').catch(() => undefined);
    if (text === undefined) return undefined;
    try {
      return ProcessRecord.parse(JSON.parse(text));
    } catch (error) {
      throw new DeployError(`${this.#recordFile(name)} is damaged (${messageOf(error).split('\n')[0]}): delete it`);
    }
  }

  async running(name: string): Promise<ProcessRecord | undefined> {
    const record = await this.record(name);
    return record && (await isAlive(record)) ? record : undefined;
  }

  /** When the process was started, in milliseconds since 1970; undefined when it is not running. */
  async startedAt(name: string): Promise<number | undefined> {
    if (!(await this.running(name))) return undefined;
    return (await stat(this.#recordFile(name))).mtimeMs;
  }

  /** Names of all processes ever started here and not yet forgotten, running or crashed. */
  async names(): Promise<string[]> {
    const files = await readdir(this.#records).catch(() => []);
    return files.filter((file) => file.endsWith('.json')).map((file) => file.slice(0, -'.json'.length));
  }

  /** Sends a signal to the process if, and only if, it is still the one that was started. */
  async signal(name: string, signal: NodeJS.Signals): Promise<boolean> {
    const record = await this.running(name);
    if (record) signalQuietly(record.pid, signal);
    return record !== undefined;
  }

  async waitForEnd(name: string, timeoutMs: number): Promise<boolean> {
    return becomesTrue(async () => (await this.running(name)) === undefined, timeoutMs);
  }

  /** Asks with SIGTERM, insists with SIGKILL after `graceMs`, and forgets the record. */
  async stop(name: string, graceMs: number): Promise<void> {
    // A stopped (paused) process would keep SIGTERM pending for ever.
    await this.signal(name, 'SIGCONT');
    await this.signal(name, 'SIGTERM');
    if (!(await this.waitForEnd(name, graceMs))) {
      await this.signal(name, 'SIGKILL');
      await this.waitForEnd(name, 5000);
    }
    await this.#endOrphans(name);
    await rm(this.#recordFile(name), { force: true });
  }

  /** Ends what processes that were killed have left behind, such as workers that hold a port, and waits for it. */
  async endAllOrphans(): Promise<void> {
    for (const name of await this.names()) {
      await this.#endOrphans(name);
      await becomesTrue(async () => (await this.#orphans(name)).length === 0, ORPHAN_END_MS);
    }
  }

  async #endOrphans(name: string): Promise<void> {
    for (const pid of await this.#orphans(name)) signalQuietly(pid, 'SIGKILL');
  }

  async #orphans(name: string): Promise<number[]> {
    const record = await this.record(name);
    return record ? orphansOf(record, record.spec.command[0] ?? '', record.spec.cwd) : [];
  }

  /** The last lines of a log that say something, for error messages. */
  async tail(name: string, lines = 3): Promise<string> {
    const text = await readFile(this.logFile(name), 'utf8').catch(() => '');
    return text.trimEnd().split('\n').slice(-lines).join(' | ').slice(-600);
  }
}
