import { DeployError } from '../errors.js';
import type { Part } from '../native/part.js';
import { isStopped } from '../native/proc-fs.js';
import type { ProcessTable } from '../native/process-table.js';
import { becomesTrue } from '../native/waiting.js';

/** One process of a running stack, to be killed, paused and started again by tests and commands. */
export class StackProcess {
  readonly #table: ProcessTable;
  readonly #part: Part;

  constructor(table: ProcessTable, part: Part) {
    this.#table = table;
    this.#part = part;
  }

  get name(): string {
    return this.#part.name;
  }

  get port(): number {
    return this.#part.ports[0] ?? 0;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  get logFile(): string {
    return this.#table.logFile(this.name);
  }

  async isRunning(): Promise<boolean> {
    return (await this.#table.running(this.name)) !== undefined;
  }

  async isReady(): Promise<boolean> {
    return (await this.isRunning()) && this.#part.ready().catch(() => false);
  }

  /** Starts the process unless it runs, and waits until it does its work. */
  async start(): Promise<void> {
    await this.launch();
    await this.ready();
  }

  /** Starts the process without waiting. */
  async launch(): Promise<void> {
    if (await this.isRunning()) return;
    await this.#table.start(await this.#part.prepare());
  }

  /** Waits until the process does its work; fails as soon as it ends instead. */
  async ready(): Promise<void> {
    let ended = false;
    const settled = await becomesTrue(async () => {
      ended = !(await this.isRunning());
      return ended || this.#part.ready();
    }, this.#part.startTimeoutMs);
    if (settled && !ended) return;
    const what = ended ? 'ended while starting' : `is not ready after ${this.#part.startTimeoutMs / 1000} s`;
    throw new DeployError(`${this.name} ${what}: ${await this.#table.tail(this.name)} (see ${this.logFile})`);
  }

  /** Sends a signal, by default SIGKILL, and waits until the process has ended. */
  async kill(signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    await this.#table.signal(this.name, signal);
    if (!(await this.#table.waitForEnd(this.name, 30_000))) {
      throw new DeployError(`${this.name} has not ended 30 s after ${signal}`);
    }
  }

  /** Asks the process to end, and insists after `graceMs`. */
  async stop(graceMs = 10_000): Promise<void> {
    await this.#table.stop(this.name, graceMs);
  }

  /** Stops the process in its tracks; none of its threads runs any more when this resolves. */
  async pause(): Promise<void> {
    await this.#table.signal(this.name, 'SIGSTOP');
    const running = await this.#table.running(this.name);
    if (running && !(await becomesTrue(() => isStopped(running.pid), 5_000))) {
      throw new DeployError(`${this.name} has not stopped 5 s after SIGSTOP`);
    }
  }

  async resume(): Promise<void> {
    await this.#table.signal(this.name, 'SIGCONT');
  }
}
