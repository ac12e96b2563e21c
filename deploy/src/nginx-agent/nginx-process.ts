import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { lookup } from 'node:dns/promises';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { ProcessTable } from '../native/process-table.js';
import type { AgentConfig } from './agent-config.js';
import { renderConfig, UPSTREAMS, type Instances, type Settings } from './render.js';

const MAX_OPEN_FILES = 1_048_576;

/** How many files a process may open after raising its own limit as far as allowed. */
async function openFilesLimit(): Promise<number> {
  const limits = await readFile('/proc/self/limits', 'utf8').catch(() => '');
  const hard = /^Max open files\s+\S+\s+(\S+)/m.exec(limits)?.[1];
  return Math.min(Number(hard === 'unlimited' ? MAX_OPEN_FILES : (hard ?? 1024)), MAX_OPEN_FILES);
}

/** nginx refuses a whole configuration for one name it cannot resolve, so it gets addresses only. */
async function resolved(address: string): Promise<string[]> {
  const port = address.slice(address.lastIndexOf(':'));
  const found = await lookup(address.slice(0, -port.length), { family: 4 }).catch(() => undefined);
  return found ? [`${found.address}${port}`] : [];
}

async function resolveAll(instances: Instances): Promise<Instances> {
  const entries = UPSTREAMS.map(
    async (name) => [name, (await Promise.all(instances[name].map(resolved))).flat()] as const,
  );
  return { ...instances, ...Object.fromEntries(await Promise.all(entries)) };
}

/** nginx itself, run by the agent. It outlives an agent that crashes; the next agent finds it and takes over. */
export class NginxProcess {
  readonly #table: ProcessTable;
  readonly #dir: string;
  readonly #name: string;
  #written: string | undefined;

  constructor(private readonly config: AgentConfig) {
    this.#table = new ProcessTable(config.NGINX_STATE_DIR);
    this.#dir = join(config.NGINX_STATE_DIR, 'nginx', config.NGINX_NAME);
    this.#name = `${config.NGINX_NAME}-master`;
  }

  /** Puts these instances into rotation. Workers with open sockets keep serving them under the old configuration. */
  async apply(instances: Instances): Promise<boolean> {
    const text = renderConfig(
      await readFile(this.config.NGINX_TEMPLATE, 'utf8'),
      await this.#settings(),
      await resolveAll(instances),
    );
    const changed = text !== this.#written;
    if (changed) {
      await mkdir(this.#dir, { recursive: true });
      // Renamed into place: nginx may be reading the file at this moment.
      await writeFile(`${this.#configFile}.new`, text);
      await rename(`${this.#configFile}.new`, this.#configFile);
      this.#written = text;
    }
    const running = await this.#table.running(this.#name);
    if (!running) await this.start();
    else if (changed) await this.#table.signal(this.#name, 'SIGHUP');
    return changed;
  }

  isRunning = async (): Promise<boolean> => (await this.#table.running(this.#name)) !== undefined;

  async start(): Promise<void> {
    const command = ['nginx', '-e', 'stderr', '-p', this.#dir, '-c', this.#configFile];
    await this.#table.start({ name: this.#name, command, cwd: this.#dir });
  }

  async stop(graceMs: number): Promise<void> {
    await this.#table.stop(this.#name, graceMs);
  }

  get #configFile(): string {
    return join(this.#dir, 'nginx.conf');
  }

  async #settings(): Promise<Settings> {
    const openFiles = await openFilesLimit();
    return {
      stateDir: this.#dir,
      webRoot: this.config.NGINX_WEB_ROOT,
      listen: this.config.NGINX_LISTEN,
      // Workers run as whoever started us, who can read what they serve; only root has a choice.
      user: process.getuid?.() === 0 ? `user ${userInfo().username};` : '',
      workers: this.config.NGINX_WORKERS,
      connections: Math.min(this.config.NGINX_CONNECTIONS, openFiles - 100),
      openFiles,
      mimeTypes: '/etc/nginx/mime.types',
    };
  }
}
