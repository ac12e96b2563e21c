import { createWriteStream } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { StartedTestContainer } from 'testcontainers';
import { DeployError, messageOf } from '../errors.js';
import { requireFreePorts } from '../native/ports.js';
import { loadSecrets } from '../native/secrets.js';
import { createTopics, migrateDatabases } from '../native/services.js';
import { accepts, becomesTrue } from '../native/waiting.js';
import { stackEnvironment } from '../stack/parts.js';
import { createTopology } from '../topology.js';
import type { TestServers, TestServersOptions } from './backend.js';
import { testContainers, type TestContainer } from './test-containers.js';

/** The image may have to be fetched before; that takes as long as it takes. */
const START_TIMEOUT_MS = 120_000;
const REACH_TIMEOUT_MS = 5000;

async function start(container: TestContainer, logFile: string): Promise<StartedTestContainer> {
  // Loaded when needed: most test runs have no use for it, and it is large.
  const { GenericContainer, Wait } = await import('testcontainers');
  const [form, ...words] = container.healthTest;
  const files = Object.entries(container.files).map(([target, content]) => ({ target, content, mode: 0o644 }));
  return new GenericContainer(container.image)
    .withNetworkMode('host')
    .withCommand([...container.command])
    .withEnvironment(container.environment)
    .withCopyContentToContainer(files)
    .withHealthCheck({
      test: form === 'CMD-SHELL' ? [form, words.join(' ')] : ['CMD', ...words],
      interval: 500,
      timeout: 5000,
      retries: 200,
    })
    .withWaitStrategy(Wait.forHealthCheck())
    .withStartupTimeout(START_TIMEOUT_MS)
    .withLogConsumer((lines) => lines.pipe(createWriteStream(logFile, { mode: 0o600 })))
    .start();
}

/** A container engine in a machine of its own has a network of its own: its containers run, but not for us. */
async function requireReachable({ name, ports: [port = 0] }: TestContainer): Promise<void> {
  if (await becomesTrue(() => accepts(port), REACH_TIMEOUT_MS)) return;
  throw new DeployError(
    `the container ${name} runs but port ${port} of this machine does not lead to it: let the container engine use the host's network, or set PARLEY_TEST_SERVERS=native`,
  );
}

/** What cannot be stopped is left to Testcontainers, which cleans up when this process has ended. */
const stopAll = (started: readonly StartedTestContainer[]) =>
  Promise.allSettled(started.map((container) => container.stop({ timeout: 0 })));

async function startAll(containers: readonly TestContainer[], logs: string): Promise<StartedTestContainer[]> {
  const outcomes = await Promise.allSettled(
    containers.map((container) => start(container, join(logs, `${container.name}.log`))),
  );
  const started = outcomes.flatMap((outcome) => (outcome.status === 'fulfilled' ? [outcome.value] : []));
  const failure = outcomes.findIndex((outcome) => outcome.status === 'rejected');
  const outcome = outcomes[failure];
  if (outcome?.status !== 'rejected') return started;
  await stopAll(started);
  throw new DeployError(`the container ${containers[failure]?.name} does not start: ${messageOf(outcome.reason)}`);
}

/**
 * Starts Kafka, MySQL, Redis and Consul in containers, with schema and topics, on the ports and with the environment of the
 * native runner. Fails with a DeployError, leaving nothing behind; should this process be killed, Testcontainers cleans up.
 */
export async function startContainers(options: TestServersOptions): Promise<TestServers> {
  const began = Date.now();
  const topology = createTopology({ profile: 'single', portOffset: options.portOffset ?? 0 });
  const logs = join(options.stateDir, 'logs');
  await mkdir(logs, { recursive: true });
  const secrets = await loadSecrets(options.stateDir);
  const containers = testContainers(topology, secrets);
  await requireFreePorts(containers);
  options.signal?.throwIfAborted();
  const started = await startAll(containers, logs);
  const env = stackEnvironment(topology, secrets);
  try {
    options.signal?.throwIfAborted();
    await Promise.all(containers.map(requireReachable));
    await Promise.all([migrateDatabases(env), createTopics(env)]);
  } catch (error) {
    await stopAll(started);
    throw error;
  }
  options.progress?.(`containers ready (${((Date.now() - began) / 1000).toFixed(1)} s)`);
  return { env, stop: async () => void (await stopAll(started)) };
}
