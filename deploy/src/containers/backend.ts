import { z } from 'zod';
import type { Environment } from '../environment.js';
import { DeployError } from '../errors.js';
import type { EngineName } from '../native/databases/database-engine.js';
import { dockerAnswers } from './docker-answers.js';

const Backend = z.enum(['native', 'docker']);
/** What runs the servers that tests use. */
export type Backend = z.infer<typeof Backend>;

export interface TestServersOptions {
  /** Folder for logs, secrets and, natively, data; made when absent. */
  readonly stateDir: string;
  /** Added to every port. */
  readonly portOffset?: number;
  /** The kind of database server of the native runner; default as `StackOptions` has it. */
  readonly engine?: EngineName | undefined;
  /** Receives a line for each step that takes long. */
  readonly progress?: (line: string) => void;
  /** Aborting stops whatever this call has started. */
  readonly signal?: AbortSignal;
}

/** Running servers, with schema and topics. They end with this process at the latest. */
export interface TestServers {
  /** Environment of the services: where the servers are and how to enter them. The same variables from every backend. */
  readonly env: Environment;
  stop(): Promise<void>;
}

/** What PARLEY_TEST_SERVERS asks for; undefined when it leaves the choice to us. */
export function wantedBackend(setting = process.env['PARLEY_TEST_SERVERS']): Backend | undefined {
  const parsed = Backend.optional().safeParse(setting || undefined);
  if (parsed.success) return parsed.data;
  throw new DeployError(`PARLEY_TEST_SERVERS is "${setting}": set it to native or docker, or leave it out`);
}

/** Containers where a container engine answers, the native runner otherwise. */
export async function chooseBackend(
  wanted: Backend | undefined = wantedBackend(),
  engineAnswers: () => Promise<boolean> = dockerAnswers,
): Promise<Backend> {
  return wanted ?? ((await engineAnswers()) ? 'docker' : 'native');
}
