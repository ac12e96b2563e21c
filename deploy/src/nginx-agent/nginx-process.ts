import { mkdir, readFile, rename, stat, writeFile } from 'node:fs/promises';
import { lookup } from 'node:dns/promises';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { DeployError } from '../errors.js';
import { childrenOf } from '../native/proc-fs.js';
import { ProcessTable } from '../native/process-table.js';
import { run } from '../native/run.js';
import { becomesTrue } from '../native/waiting.js';
import type { Certificate } from '../native/certificate.js';
import { tlsOf, type AgentConfig } from './agent-config.js';
import { renderConfig, UPSTREAMS, type Instances, type Settings } from './render.js';

const MAX_OPEN_FILES = 1_048_576;
/** A new configuration is in use when workers have started under it. */
const NEW_WORKERS_MS = 5000;

/** Name under which the master of a load balancer's nginx is recorded, beside its agent. */
export const masterName = (balancer: string): string => `${balancer}-master`;

const dirOf = (stateDir: string, balancer: string): string => join(stateDir, 'nginx', balancer);

/** What the nginx of a load balancer serves by, which names the instances in rotation. */
export const nginxConfigFile = (stateDir: string, balancer: string): string =>
  join(dirOf(stateDir, balancer), 'nginx.conf');

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

/** A certificate that was replaced makes another configuration, so that nginx reads it. */
async function tlsLines({ certificate, key }: Certificate): Promise<string> {
  const { mtimeMs } = await stat(certificate);
  const lines = [
    `# as of ${new Date(mtimeMs).toISOString()}`,
    `ssl_certificate ${JSON.stringify(certificate)};`,
    `ssl_certificate_key ${JSON.stringify(key)};`,
    'ssl_protocols TLSv1.2 TLSv1.3;',
    'ssl_session_cache shared:tls:2m;',
  ];
  return lines.map((line) => `    ${line}\n`).join('');
}

/** nginx itself, run by the agent. It outlives an agent that crashes; the next agent finds it and takes over. */
export class NginxProcess {
  readonly #table: ProcessTable;
  readonly #dir: string;
  readonly #name: string;
  /** The configuration that nginx is known to serve by. */
  #inUse: string | undefined;

  constructor(private readonly config: AgentConfig) {
    this.#table = new ProcessTable(config.NGINX_STATE_DIR);
    this.#dir = dirOf(config.NGINX_STATE_DIR, config.NGINX_NAME);
    this.#name = masterName(config.NGINX_NAME);
  }

  /**
   * Puts these instances into rotation and tells whether that changed anything. Workers with open sockets keep serving them
   * under the old configuration. Fails when nginx does not take the new one; then the old one stays.
   */
  async apply(instances: Instances): Promise<boolean> {
    const text = renderConfig(
      await readFile(this.config.NGINX_TEMPLATE, 'utf8'),
      await this.#settings(),
      await resolveAll(instances),
    );
    if (text === this.#inUse) {
      if (!(await this.isRunning())) await this.start();
      return false;
    }
    this.#inUse = undefined;
    await this.#replaceConfig(text);
    if (await this.isRunning()) await this.#reload();
    else await this.start();
    this.#inUse = text;
    return true;
  }

  /** Only what nginx accepts becomes its configuration: it would not come back after a crash with any other. */
  async #replaceConfig(text: string): Promise<void> {
    await mkdir(this.#dir, { recursive: true });
    const candidate = `${this.#configFile}.new`;
    await writeFile(candidate, text);
    await run(this.#command('-t', '-c', candidate), { what: 'the test of the new configuration', cwd: this.#dir });
    // Renamed into place: nginx may be reading the file at this moment.
    await rename(candidate, this.#configFile);
  }

  async #reload(): Promise<void> {
    const before = (await this.#workers()) ?? [];
    await this.#table.signal(this.#name, 'SIGHUP');
    await this.#newWorkers(before, 'nginx has not taken the new configuration and serves by the old one');
  }

  isRunning = async (): Promise<boolean> => (await this.#table.running(this.#name)) !== undefined;

  /** A master alone keeps the port open, but nobody answers. */
  hasWorkers = async (): Promise<boolean> => (await this.#workers())?.length !== 0;

  async start(): Promise<void> {
    await this.#table.start({ name: this.#name, command: this.#command('-c', this.#configFile), cwd: this.#dir });
    await this.#newWorkers([], 'nginx has not started');
  }

  /** Where the kernel does not tell of children, nothing is waited for. */
  async #newWorkers(before: readonly number[], otherwise: string): Promise<void> {
    const came = await becomesTrue(async () => {
      const now = await this.#workers();
      return now === undefined || now.some((pid) => !before.includes(pid));
    }, NEW_WORKERS_MS);
    if (!came) throw new DeployError(`${otherwise}: see ${this.#table.logFile(this.#name)}`);
  }

  async #workers(): Promise<number[] | undefined> {
    const master = await this.#table.running(this.#name);
    return master ? childrenOf(master.pid) : [];
  }

  #command(...args: string[]): [string, ...string[]] {
    return ['nginx', '-e', 'stderr', '-p', this.#dir, ...args];
  }

  async stop(graceMs: number): Promise<void> {
    await this.#table.stop(this.#name, graceMs);
  }

  get #configFile(): string {
    return nginxConfigFile(this.config.NGINX_STATE_DIR, this.config.NGINX_NAME);
  }

  async #settings(): Promise<Settings> {
    const openFiles = await openFilesLimit();
    const tls = tlsOf(this.config);
    return {
      stateDir: this.#dir,
      webRoot: this.config.NGINX_WEB_ROOT,
      listen: `${this.config.NGINX_LISTEN}${tls ? ' ssl' : ''}`,
      tls: tls ? await tlsLines(tls) : '',
      // Workers run as whoever started us, who can read what they serve; only root has a choice.
      user: process.getuid?.() === 0 ? `user ${userInfo().username};` : '',
      workers: this.config.NGINX_WORKERS,
      connections: Math.min(this.config.NGINX_CONNECTIONS, openFiles - 100),
      openFiles,
      mimeTypes: '/etc/nginx/mime.types',
    };
  }
}
