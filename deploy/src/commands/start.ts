import { constants } from 'node:fs';
import { access } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { DeployError } from '../errors.js';
import { REPLICATIONS, type Replication } from '../native/databases/database-engine.js';
import { selfSignedCertificate, type Certificate } from '../native/certificate.js';
import { findDescription, type StackDescription } from '../stack/description.js';
import { startStack } from '../stack/start-stack.js';
import type { Stack } from '../stack/stack.js';
import { MAX_INSTANCES, SERVICE_KINDS, type Profile, type Scale, type ServiceKind } from '../topology.js';
import { interruption, say } from './output.js';
import { runDir, startedStacks } from './run-stacks.js';

const isServiceKind = (name: string): name is ServiceKind => SERVICE_KINDS.some((kind) => kind === name);

/** Reads `connection=2,auth=3`. */
export function parseScale(text: string): Scale {
  const pairs = text.split(',').map((pair): [ServiceKind, number] => {
    const [name = '', count = ''] = pair.split('=');
    const number = Number(count);
    if (!isServiceKind(name) || !/^\d+$/.test(count) || number < 1 || number > MAX_INSTANCES) {
      throw new DeployError(
        `--scale ${text}: write service=count with ${SERVICE_KINDS.join(', ')} and 1 to ${MAX_INSTANCES}, such as connection=2`,
      );
    }
    return [name, number];
  });
  return Object.fromEntries(pairs);
}

function replicationNamed(text: string): Replication {
  const named = REPLICATIONS.find((word) => word === text);
  if (named === undefined) throw new DeployError(`--replication ${text}: write one of ${REPLICATIONS.join(', ')}`);
  return named;
}

async function requireOtherProfileStopped(profile: Profile): Promise<void> {
  const other = (await startedStacks()).find((stack) => stack.description.profile !== profile);
  if (other) throw new DeployError(`the ${other.description.profile} profile is running: stop it first with npm stop`);
}

/** Browsers keep cookies by host name, and this machine has two. */
const otherName = (url = ''): string => url.replace('127.0.0.1', 'localhost');

function welcome(stack: Stack): string {
  const { balancers, consul } = stack.urls;
  return [
    '',
    `  Web page        ${balancers[0]}/`,
    `  A second person ${otherName(balancers[0])}/, in the same browser: each address has its own login`,
    `  Load balancers  ${balancers.join('  ')}`,
    `  Consul          ${consul.map((url) => `${url}/ui`).join('  ')}`,
    '  Terminal        npm run chat',
    '  Look            npm run status, npm run logs -- <name>',
    '  Stop            npm stop (data is kept)',
    '',
  ].join('\n');
}

interface TlsOptions {
  readonly tls: boolean;
  readonly 'tls-certificate'?: string | undefined;
  readonly 'tls-key'?: string | undefined;
}

/** The operator's certificate, one for this machine alone, or none; a running system keeps what it has. */
export async function chosenCertificate(
  { tls, 'tls-certificate': certificate, 'tls-key': key }: TlsOptions,
  stateDir: string,
  running: StackDescription | undefined,
): Promise<Certificate | undefined> {
  if ((certificate === undefined) !== (key === undefined)) {
    throw new DeployError('--tls-certificate and --tls-key go together');
  }
  const given =
    certificate !== undefined && key !== undefined
      ? { certificate: await readable(certificate), key: await readable(key) }
      : tls
        ? await selfSignedCertificate(join(stateDir, 'tls'))
        : undefined;
  if (running === undefined) return given;
  if (given !== undefined && given.certificate !== running.tls?.certificate) {
    throw new DeployError('the system runs already, with another certificate or none: stop it first with npm stop');
  }
  return running.tls;
}

async function readable(file: string): Promise<string> {
  const path = resolve(file);
  await access(path, constants.R_OK).catch(() => {
    throw new DeployError(`${path} cannot be read`);
  });
  return path;
}

/**
 * `start [--full] [--scale service=count,...] [--replication semi-synchronous|asynchronous]
 * [--tls | --tls-certificate FILE --tls-key FILE]`: what of the system does not run yet is started.
 */
export async function start(args: readonly string[]): Promise<number> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      full: { type: 'boolean', default: false },
      scale: { type: 'string' },
      replication: { type: 'string' },
      tls: { type: 'boolean', default: false },
      'tls-certificate': { type: 'string' },
      'tls-key': { type: 'string' },
    },
  });
  const profile: Profile = values.full ? 'full' : 'single';
  const began = Date.now();
  await requireOtherProfileStopped(profile);
  // A running system keeps the numbers it was given, where --scale does not say otherwise.
  const before = await findDescription(runDir(profile));
  const replication = values.replication === undefined ? before?.replication : replicationNamed(values.replication);
  const tls = await chosenCertificate(values, runDir(profile), before);
  let startedAnything = false;
  const stack = await startStack({
    profile,
    stateDir: runDir(profile),
    scale: { ...before?.scale, ...(values.scale === undefined ? {} : parseScale(values.scale)) },
    ...(replication === undefined ? {} : { replication }),
    tls,
    owned: false,
    signal: interruption(),
    progress: (line) => {
      startedAnything = true;
      say(line);
    },
  });
  const seconds = ((Date.now() - began) / 1000).toFixed(1);
  say(startedAnything ? `Parley is ready (${profile} profile, ${seconds} s).` : 'Parley is already running.');
  say(welcome(stack));
  return 0;
}
