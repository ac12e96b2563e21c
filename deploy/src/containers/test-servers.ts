import { DeployError } from '../errors.js';
import { startStack } from '../stack/start-stack.js';
import { chooseBackend, wantedBackend, type Backend, type TestServers, type TestServersOptions } from './backend.js';
import { dockerAnswers } from './docker-answers.js';
import { startContainers } from './start-containers.js';

async function startNatively(options: TestServersOptions): Promise<TestServers> {
  const stack = await startStack({ ...options, profile: 'single', services: false });
  await stack.prepare();
  return {
    // The description too, for tests of the runner itself.
    env: { ...stack.env, PARLEY_STACK: stack.descriptionPath },
    stop: async () => void (await stack.stop()),
  };
}

const BACKENDS: Readonly<Record<Backend, (options: TestServersOptions) => Promise<TestServers>>> = {
  native: startNatively,
  docker: startContainers,
};

/**
 * Starts the servers that tests of our parts need: one Kafka, one database server with all schemas, one Redis, one Consul.
 * A container engine that answers but cannot run them is passed over, unless it was asked for by name.
 */
export async function startTestServers(
  options: TestServersOptions,
  wanted = wantedBackend(),
  backends = BACKENDS,
  engineAnswers = dockerAnswers,
): Promise<TestServers> {
  const chosen = await chooseBackend(wanted, engineAnswers);
  try {
    return await backends[chosen](options);
  } catch (error) {
    if (chosen === 'native' || wanted === 'docker' || !(error instanceof DeployError)) throw error;
    options.progress?.(`${error.message}; the native runner takes over`);
    return backends.native(options);
  }
}
