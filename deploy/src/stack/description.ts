import { readFile, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { z } from 'zod';
import { DeployError } from '../errors.js';
import type { Certificate } from '../native/certificate.js';
import { ENGINES, REPLICATIONS, type EngineName, type Replication } from '../native/databases/database-engine.js';
import { MAX_INSTANCES, PROFILES, SERVICE_KINDS, type Profile, type Scale, type ServiceKind } from '../topology.js';

const Count = z.number().int().min(0).max(MAX_INSTANCES);

/** Everything needed to find a running stack again; kept as `stack.json` in its state folder. */
export const StackDescription = z.object({
  profile: z.enum(PROFILES),
  stateDir: z.string(),
  portOffset: z.number().int(),
  scale: z.partialRecord(z.enum(SERVICE_KINDS), Count),
  services: z.array(z.enum(SERVICE_KINDS)),
  balancers: z.boolean(),
  env: z.partialRecord(z.enum(SERVICE_KINDS), z.record(z.string(), z.string())),
  engine: z.enum(ENGINES).default('mariadb'),
  replicated: z.boolean().optional(),
  tls: z.object({ certificate: z.string(), key: z.string() }).optional(),
  replication: z.enum(REPLICATIONS).default('semi-synchronous'),
});
export type StackDescription = z.infer<typeof StackDescription>;

export interface StackOptions {
  /** Default `single`. */
  readonly profile?: Profile;
  /** Folder for data, logs, secrets and process records; made when absent. Stacks share nothing outside it. */
  readonly stateDir: string;
  /** Added to every port. */
  readonly portOffset?: number;
  /** Which of our services to start: all (default), none, or some. The servers always start. */
  readonly services?: boolean | readonly ServiceKind[];
  /** Whether to start the load balancers; default yes. */
  readonly balancers?: boolean;
  readonly scale?: Scale;
  /** Settings on top of the derived environment, per kind of service. */
  readonly env?: Readonly<Partial<Record<ServiceKind, Readonly<Record<string, string>>>>>;
  /** The kind of database server; by default what PARLEY_DATABASE says, or MariaDB. A stack keeps the kind that its data are of. */
  readonly engine?: EngineName | undefined;
  /** Whether each database is a source with a replica; default as the profile has it. */
  readonly replicated?: boolean | undefined;
  /** Default semi-synchronous. Takes effect for servers that are started. */
  readonly replication?: Replication;
  /** Files to serve HTTPS with at the load balancers; plain HTTP without. Takes effect for what is started. */
  readonly tls?: Certificate | undefined;
  /** Default true: when this process ends, however it ends, the stack stops. */
  readonly owned?: boolean;
  /** Receives a line for each step that takes long. */
  readonly progress?: (line: string) => void;
  /** Aborting stops whatever this call has started. */
  readonly signal?: AbortSignal;
}

const chosen = (services: StackOptions['services'] = true): ServiceKind[] => {
  if (services === true) return [...SERVICE_KINDS];
  return services === false ? [] : [...services];
};

export const describe = (options: StackOptions): StackDescription =>
  StackDescription.parse({
    profile: options.profile ?? 'single',
    stateDir: resolve(options.stateDir),
    portOffset: options.portOffset ?? 0,
    scale: options.scale ?? {},
    services: chosen(options.services),
    balancers: options.balancers ?? true,
    env: options.env ?? {},
    engine: options.engine,
    replicated: options.replicated,
    replication: options.replication,
    tls: options.tls,
  });

export const descriptionFile = (stateDir: string): string => join(stateDir, 'stack.json');

export async function saveDescription(description: StackDescription): Promise<void> {
  await writeFile(descriptionFile(description.stateDir), JSON.stringify(description), { mode: 0o600 });
}

/** The description of the stack in `stateDir`, undefined when none was started there. */
export async function findDescription(stateDir: string): Promise<StackDescription | undefined> {
  const text = await readFile(descriptionFile(stateDir), 'utf8').catch(() => undefined);
  return text === undefined ? undefined : StackDescription.parse(JSON.parse(text));
}

export async function loadDescription(path: string): Promise<StackDescription> {
  const text = await readFile(path, 'utf8').catch(() => undefined);
  if (text === undefined) throw new DeployError(`${path} does not exist: start the stack first`);
  return StackDescription.parse(JSON.parse(text));
}
