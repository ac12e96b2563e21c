import { access } from 'node:fs/promises';
import { globSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { DeployError } from '../errors.js';
import { instanceEnvironment, type Environment, type Network } from '../environment.js';
import { nodeOptions, QUIET } from '../node-options.js';
import type { ServiceInstance, ServiceKind } from '../topology.js';
import { inWorkspace, toolchainDir, workspaceRoot } from '../workspace.js';
import type { Part } from './part.js';
import type { ProcessSpec } from './process-table.js';
import { run } from './run.js';
import { answersOk } from './waiting.js';

export const nativeNetwork: Network = { hostOf: () => '127.0.0.1', listenHost: '127.0.0.1' };

/** Keeps compiled code between starts, which is a third of a service's start. */
const COMPILE_CACHE = { NODE_COMPILE_CACHE: join(toolchainDir, 'compile-cache') };

async function builtFile(...path: string[]): Promise<string> {
  const file = inWorkspace(...path);
  await access(file).catch(() => {
    throw new DeployError(`${path.join('/')} is missing: run npm run build`);
  });
  return file;
}

/** When the code that a service runs was last built, in milliseconds since 1970. */
export function builtAt(kind: ServiceKind): number {
  const files = globSync(`{apps/${kind},libs/*}/dist/**/*.js`, { cwd: workspaceRoot });
  return Math.max(0, ...files.map((file) => statSync(inWorkspace(file)).mtimeMs));
}

export const servicePart = (service: ServiceInstance, environment: Environment): Part => ({
  name: service.name,
  stage: 'service',
  ports: [service.port],
  startTimeoutMs: 60_000,
  prepare: async (): Promise<ProcessSpec> => ({
    name: service.name,
    command: [process.execPath, ...nodeOptions(service.kind), await builtFile('apps', service.kind, 'dist', 'main.js')],
    env: { ...COMPILE_CACHE, ...environment, ...instanceEnvironment(service, nativeNetwork) },
  }),
  ready: () => answersOk(`http://127.0.0.1:${service.port}/health/ready`),
});

/** Brings the schema of the user database and all shards up to date. */
export async function migrateDatabases(environment: Environment): Promise<void> {
  const program = await builtFile('libs', 'persistence', 'dist', 'migrate.main.js');
  await run([process.execPath, program], { what: 'database migration', env: { ...COMPILE_CACHE, ...environment } });
}

/** Makes the last shard of the environment known to all services; returns what the program says. */
export async function registerShard(environment: Environment): Promise<string> {
  const program = await builtFile('libs', 'persistence', 'dist', 'add-shard.main.js');
  return run([process.execPath, program], { what: 'adding the shard', env: { ...COMPILE_CACHE, ...environment } });
}

export async function createTopics(environment: Environment): Promise<void> {
  const program = await builtFile('libs', 'kafka', 'dist', 'create-topics.main.js');
  await run([process.execPath, QUIET, program], { what: 'topic creation', env: { ...COMPILE_CACHE, ...environment } });
}
