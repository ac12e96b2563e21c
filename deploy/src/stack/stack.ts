import { rm } from 'node:fs/promises';
import { z } from 'zod';
import { DeployError } from '../errors.js';
import { consulUrls, type Environment } from '../environment.js';
import { loadDatabaseState, type DatabaseState } from '../native/databases/database-state.js';
import { engineNamed } from '../native/databases/engines.js';
import { ReplicatedServer } from '../native/databases/replicated-server.js';
import { withStackLock } from '../native/lock.js';
import { isFree } from '../native/ports.js';
import { masterName } from '../nginx-agent/nginx-process.js';
import { memoryOf } from '../native/proc-fs.js';
import { ProcessTable } from '../native/process-table.js';
import { loadSecrets, type StackSecrets } from '../native/secrets.js';
import { builtAt, createTopics, migrateDatabases, nativeNetwork } from '../native/services.js';
import {
  createTopology,
  MAX_INSTANCES,
  SERVICE_KINDS,
  servicePort,
  type ServiceKind,
  type Topology,
} from '../topology.js';
import { descriptionFile, findDescription, loadDescription, type StackDescription } from './description.js';
import { allParts, describedService, stackEnvironment, stackParts, type StackParts } from './parts.js';
import { StackProcess } from './stack-process.js';
import { stopProcesses } from './stopping.js';

const HealthyInstances = z.array(z.object({ Service: z.object({ ID: z.string() }) }));

export interface StackUrls {
  readonly consul: readonly string[];
  /** Where clients go: the web page, `/api/` and `/ws/`. */
  readonly balancers: readonly string[];
  /** Each service instance's own HTTP address, by name such as `auth-1`. */
  readonly services: Readonly<Record<string, string>>;
}

export interface ProcessStatus {
  readonly name: string;
  readonly port: number | undefined;
  readonly pid: number | undefined;
  readonly health: 'ready' | 'not ready' | 'crashed' | 'stopped';
  readonly memoryMiB: number;
}

/** A started stack. All it knows is on disk, so any process may hold one: see `attachStack`. */
export class Stack {
  readonly topology: Topology;
  readonly table: ProcessTable;
  readonly parts: StackParts;
  /** Environment of services and one-off programs: where the servers are and how to enter them. */
  readonly env: Environment;
  readonly urls: StackUrls;
  readonly #extraServices = new Map<string, StackProcess>();

  constructor(
    readonly description: StackDescription,
    readonly secrets: StackSecrets,
    { shards }: Pick<DatabaseState, 'shards'>,
  ) {
    this.topology = createTopology({ ...description, shards });
    this.table = new ProcessTable(description.stateDir);
    this.parts = stackParts(description, this.topology, secrets);
    this.env = stackEnvironment(this.topology, secrets);
    this.urls = {
      consul: consulUrls(this.topology, nativeNetwork),
      balancers: this.parts.balancers.map(
        (part) => `${description.tls === undefined ? 'http' : 'https'}://127.0.0.1:${part.ports[0]}`,
      ),
      services: Object.fromEntries(this.parts.services.map((part) => [part.name, `http://127.0.0.1:${part.ports[0]}`])),
    };
  }

  /** Path to hand to `attachStack` in another process. */
  get descriptionPath(): string {
    return descriptionFile(this.description.stateDir);
  }

  /** A process by its name, such as `kafka-1`, `database`, `nginx-1` or `message-1`. */
  process(name: string): StackProcess {
    const part = allParts(this.parts).find((candidate) => candidate.name === name);
    const found = part ? new StackProcess(this.table, part) : this.#extraServices.get(name);
    if (found) return found;
    const names = [...allParts(this.parts).map((each) => each.name), ...this.#extraServices.keys()];
    throw new DeployError(`no process is named ${name}: there are ${names.join(', ')}`);
  }

  /** A database server by its name, to be spoken to as root. */
  database(name: string): ReplicatedServer {
    const server = this.topology.databases.find((candidate) => candidate.name === name);
    if (server === undefined) {
      const names = this.topology.databases.map((each) => each.name);
      throw new DeployError(`no database server is named ${name}: there are ${names.join(', ')}`);
    }
    return new ReplicatedServer(server, engineNamed(this.description.engine), this.description.stateDir);
  }

  /** Starts one more instance of a service on a free port and waits until it is ready. */
  async startService(kind: ServiceKind, id: string, extraEnv: Environment = {}): Promise<StackProcess> {
    const name = `${kind}-${id}`;
    if (await this.table.running(name)) throw new DeployError(`${name} runs already: choose another id`);
    const port = await this.#freePort(kind);
    const part = describedService(this.description, this.env, { name, kind, id, port }, extraEnv);
    const started = new StackProcess(this.table, part);
    this.#extraServices.set(name, started);
    await started.start();
    return started;
  }

  async #freePort(kind: ServiceKind): Promise<number> {
    const promised = new Set(this.topology.services.map((service) => service.port));
    for (const other of this.#extraServices.values()) promised.add(other.port);
    for (let index = 0; index < MAX_INSTANCES; index += 1) {
      const port = servicePort(kind, index, this.topology.portOffset);
      if (!promised.has(port) && (await isFree(port))) return port;
    }
    throw new DeployError(`all ${MAX_INSTANCES} ports of ${kind} are taken: stop an instance first`);
  }

  /** Runs the one-off programs that services rely on: the databases' schema and the topics. Repeatable. */
  async prepare(): Promise<void> {
    await Promise.all([migrateDatabases(this.env), createTopics(this.env)]);
  }

  async status(): Promise<ProcessStatus[]> {
    const parts = allParts(this.parts);
    const known = new Set(parts.map((part) => part.name));
    const others = (await this.table.names()).filter((name) => !known.has(name));
    return Promise.all([
      ...parts.map((part) => this.#statusOf(part.name, part.ports[0], () => part.ready())),
      ...others.map((name) => this.#statusOf(name, undefined, () => this.#isOtherReady(name))),
    ]);
  }

  /** An nginx is as well as the load balancer that it is; of what else was started by hand nothing is known. */
  async #isOtherReady(name: string): Promise<boolean> {
    const balancer = this.parts.balancers.find((part) => masterName(part.name) === name);
    return balancer?.ready() ?? true;
  }

  async #statusOf(name: string, port: number | undefined, ready: () => Promise<boolean>): Promise<ProcessStatus> {
    const record = await this.table.record(name);
    const running = await this.table.running(name);
    if (!running) return { name, port, pid: undefined, health: record ? 'crashed' : 'stopped', memoryMiB: 0 };
    const health = (await ready().catch(() => false)) ? 'ready' : 'not ready';
    return { name, port, pid: running.pid, health, memoryMiB: await memoryOf(running.pid) };
  }

  /** Names of running service instances that the description does not ask for, such as after scaling down. */
  async surplusServices(): Promise<string[]> {
    const wanted = new Set(this.parts.services.map((part) => part.name));
    const isService = (name: string) => SERVICE_KINDS.some((kind) => name.startsWith(`${kind}-`));
    return (await this.table.names()).filter((name) => isService(name) && !wanted.has(name));
  }

  /** Names of running service instances whose code has been built anew since they were started. */
  async outdatedServices(): Promise<string[]> {
    const services = this.topology.services.map(async ({ name, kind }) => {
      const startedAt = await this.table.startedAt(name);
      return startedAt !== undefined && startedAt < builtAt(kind) ? [name] : [];
    });
    return (await Promise.all(services)).flat();
  }

  /** Ids of the instances of a service that Consul takes for healthy; they are their names. */
  async healthyInstances(kind: ServiceKind): Promise<string[]> {
    const [consul] = this.urls.consul;
    const response = await fetch(`${consul}/v1/health/service/${kind}?passing`, { headers: { connection: 'close' } });
    return HealthyInstances.parse(await response.json()).map(({ Service }) => Service.ID);
  }

  /** Stops everything: services, load balancers, servers. Tells how many processes there were. */
  async stop(): Promise<number> {
    return withStackLock(this.description.stateDir, () => stopProcesses(this.table));
  }

  /** Stops everything and deletes the data, the logs and the secrets. */
  async wipe(): Promise<void> {
    await this.stop();
    await rm(this.description.stateDir, { recursive: true, force: true });
  }
}

/** A stack as its description and what is kept in its folder say. */
export async function openStack(description: StackDescription): Promise<Stack> {
  const { stateDir } = description;
  return new Stack(description, await loadSecrets(stateDir), await loadDatabaseState(stateDir));
}

/** The stack whose description lies at `path` (`Stack.descriptionPath`); starts nothing. */
export async function attachStack(path: string): Promise<Stack> {
  const description = await loadDescription(path);
  return openStack(description);
}

/** Stops and deletes whatever has been left in the folder. */
export async function removeStack(stateDir: string): Promise<void> {
  const description = await findDescription(stateDir);
  if (description !== undefined) await (await openStack(description)).stop();
  await rm(stateDir, { recursive: true, force: true });
}
