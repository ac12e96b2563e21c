import { spawn } from 'node:child_process';
import { Socket } from 'node:net';
import { mkdir, rm } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { Environment } from '../environment.js';
import type { Part } from '../native/part.js';
import { requireFreeSpace } from '../native/disk.js';
import { withStackLock } from '../native/lock.js';
import { requireFreePorts } from '../native/ports.js';
import { createTopics, migrateDatabases } from '../native/services.js';
import { becomesTrue, statusOf } from '../native/waiting.js';
import { DeployError } from '../errors.js';
import { chooseEngine, engineNamed } from '../native/databases/engines.js';
import { ensureToolchain } from '../native/toolchain.js';
import { SERVICE_KINDS, type ServiceKind } from '../topology.js';
import { inWorkspace } from '../workspace.js';
import { describe, saveDescription, type StackOptions } from './description.js';
import { allParts } from './parts.js';
import { mendReplicas } from './mend-replicas.js';
import { openStack, type Stack } from './stack.js';
import { StackProcess } from './stack-process.js';

/** One path of each kind of service that clients reach. */
const ROUTES = { auth: '/api/v1/auth/login', push: '/api/v1/push/inbox', connection: '/ws/v1/message' } as const;
const IN_ROTATION_WITHIN_MS = 30_000;
const SERVICE_GRACE_MS = 10_000;

/** Ends the stack when this process ends: the kernel closes the pipe even after SIGKILL. */
function tieToThisProcess(stateDir: string): void {
  const watchdog = spawn(process.execPath, [inWorkspace('deploy', 'dist', 'native', 'watchdog.main.js'), stateDir], {
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  watchdog.unref();
  if (watchdog.stdin instanceof Socket) watchdog.stdin.unref();
}

/** Brings the parts of one stack up, remembering what it started so that a failure leaves nothing half-started. */
class Starter {
  readonly #launched: Promise<StackProcess>[] = [];
  #cancelled = false;

  constructor(
    private readonly stack: Stack,
    private readonly progress: (line: string) => void,
  ) {}

  async bringUp(): Promise<void> {
    const { servers, balancers, services } = this.stack.parts;
    const outdated = await this.stack.outdatedServices();
    const prepares = outdated.length > 0 || (await this.#notRunning(services)).length > 0;
    await Promise.all([
      this.#start('databases', servers.databases)
        .then(() => this.#prepare(prepares, migrateDatabases))
        .then(() => this.#mendReplicas()),
      this.#start('Kafka', servers.kafka).then(() => this.#prepare(prepares, createTopics)),
      this.#start('Consul', servers.consul).then(() => this.#start('load balancers', balancers)),
      this.#start('Redis', servers.redis),
    ]);
    const replaced = services.filter(({ name }) => outdated.includes(name));
    await this.#start(
      'services',
      services.filter((part) => !replaced.includes(part)),
    );
    await Promise.all(SERVICE_KINDS.map((kind) => this.#replace(kind, replaced)));
    await this.#inRotation();
  }

  /** Instances of a service that have been built anew go one after the other: the others do their work meanwhile. */
  async #replace(kind: ServiceKind, replaced: readonly Part[]): Promise<void> {
    for (const part of replaced.filter(({ name }) => name.startsWith(`${kind}-`))) {
      if (this.#cancelled) return;
      this.progress(`replacing ${part.name}`);
      await this.stack.table.stop(part.name, SERVICE_GRACE_MS);
      await this.#start(part.name, [part]);
      // Load balancers that hear of the next one's end have then heard of this one's return.
      const isListed = async () => this.#cancelled || (await this.stack.healthyInstances(kind)).includes(part.name);
      if (!(await becomesTrue(isListed, IN_ROTATION_WITHIN_MS))) throw new DeployError(`${part.name} is not in Consul`);
    }
  }

  /** The load balancers hear from Consul that services are ready, a moment after they are. */
  async #inRotation(): Promise<void> {
    const started = this.stack.parts.services.map(({ name }) => name);
    const routes = Object.entries(ROUTES).flatMap(([kind, route]) =>
      started.some((name) => name.startsWith(`${kind}-`)) ? [route] : [],
    );
    const urls = this.stack.urls.balancers.flatMap((balancer) => routes.map((route) => balancer + route));
    const isPassedOn = async (url: string): Promise<boolean> => this.#cancelled || (await statusOf(url)) < 500;
    const arrived = await Promise.all(urls.map((url) => becomesTrue(() => isPassedOn(url), IN_ROTATION_WITHIN_MS)));
    const missing = urls.find((_, index) => !arrived[index]);
    if (missing !== undefined)
      throw new DeployError(`${missing} leads to no service: see the log of its load balancer`);
  }

  /** Stops what this starter has launched; nothing is launched any more. */
  async undo(): Promise<void> {
    this.#cancelled = true;
    const launched = await Promise.allSettled(this.#launched);
    await Promise.all(launched.flatMap((one) => (one.status === 'fulfilled' ? [one.value.stop(5000)] : [])));
    const nothingRunsHere = (await this.stack.table.names()).length === 0;
    if (nothingRunsHere) await rm(this.stack.descriptionPath, { force: true });
  }

  async #prepare(wanted: boolean, program: (environment: Environment) => Promise<void>): Promise<void> {
    if (wanted && !this.#cancelled) await program(this.stack.env);
  }

  async #mendReplicas(): Promise<void> {
    if (!this.#cancelled) await mendReplicas(this.stack, this.progress);
  }

  async #notRunning(parts: readonly Part[]): Promise<Part[]> {
    const running = await Promise.all(parts.map((part) => this.stack.table.running(part.name)));
    return parts.filter((_, index) => !running[index]);
  }

  async #start(what: string, parts: readonly Part[]): Promise<void> {
    const began = Date.now();
    const missing = await this.#notRunning(parts);
    if (this.#cancelled) return;
    const launched = missing.map((part) => this.#launch(new StackProcess(this.stack.table, part)));
    this.#launched.push(...launched);
    await Promise.all(launched);
    await Promise.all(parts.map((part) => new StackProcess(this.stack.table, part).ready()));
    if (missing.length > 0) this.progress(`${what} ready (${((Date.now() - began) / 1000).toFixed(1)} s)`);
  }

  async #launch(process: StackProcess): Promise<StackProcess> {
    await process.launch();
    return process;
  }
}

async function bringUp(stack: Stack, options: StackOptions): Promise<void> {
  const progress = options.progress ?? (() => undefined);
  const unwanted = await stack.surplusServices();
  if (unwanted.length > 0) progress(`stopping ${unwanted.join(', ')}`);
  await Promise.all(unwanted.map((name) => stack.table.stop(name, SERVICE_GRACE_MS)));
  await stack.table.endAllOrphans();
  const parts = allParts(stack.parts);
  const running = await Promise.all(parts.map((part) => stack.table.running(part.name)));
  await requireFreePorts(parts.filter((_, index) => !running[index]));
  if (options.owned ?? true) tieToThisProcess(stack.description.stateDir);
  await saveDescription(stack.description);
  options.signal?.throwIfAborted();
  const starter = new Starter(stack, progress);
  const aborted = new Promise<never>((_, reject) => {
    options.signal?.addEventListener('abort', () => reject(options.signal?.reason), { once: true });
  });
  aborted.catch(() => undefined);
  try {
    await Promise.race([starter.bringUp(), aborted]);
  } catch (error) {
    progress('stopping what was started');
    await starter.undo();
    throw error;
  }
}

/** Starts what of the described stack does not run yet and waits until all of it is ready. */
export async function startStack(options: StackOptions): Promise<Stack> {
  const engine = chooseEngine(resolve(options.stateDir), options.engine);
  const description = describe({ ...options, engine });
  await mkdir(description.stateDir, { recursive: true });
  await requireFreeSpace(description.stateDir);
  await ensureToolchain(engineNamed(description.engine), options.progress ?? (() => undefined));
  options.signal?.throwIfAborted();
  return withStackLock(description.stateDir, async () => {
    const stack = await openStack(description);
    await bringUp(stack, options);
    return stack;
  });
}
