import { jest } from '@jest/globals';
import { mkdtemp } from 'node:fs/promises';
import { join } from 'node:path';
import type { Environment } from '../src/environment.js';
import { createTopics, migrateDatabases, servicePart } from '../src/native/services.js';
import { stateRoot } from '../src/workspace.js';
import { eventually } from './eventually.js';
import { SecuredServers } from './secured-servers.js';

jest.setTimeout(240_000);

let servers: SecuredServers;
beforeAll(async () => {
  servers = await SecuredServers.start(await mkdtemp(join(stateRoot, 'test', 'secured-')), 12_000);
  await Promise.all([migrateDatabases(servers.env), createTopics(servers.env)]);
});
afterAll(() => servers?.[Symbol.asyncDispose]());

const WRONG = 'wrong-but-long-enough';
/** The environment with some variables changed, or left out. */
const but = (over: Record<string, string | undefined>): Environment =>
  Object.fromEntries(
    Object.entries({ ...servers.env, ...over }).flatMap(([name, value]) =>
      value === undefined ? [] : [[name, value]],
    ),
  );

interface Readiness {
  readonly status: string;
  readonly checks: Readonly<Record<string, { readonly state: string; readonly reason?: string }>>;
}

/** Starts a service in this environment, awaits what `expected` says of its readiness, and stops it. */
async function asked(
  kind: 'message' | 'auth',
  environment: Environment,
  expected: (readiness: Readiness) => void,
): Promise<void> {
  const instance = servers.topology.services.find((each) => each.kind === kind);
  if (instance === undefined) throw new Error(`there is no ${kind}`);
  const spec = await servicePart(instance, environment).prepare();
  await servers.table.start(spec);
  try {
    await eventually(async () => {
      const answer = await fetch(`http://127.0.0.1:${instance.port}/health/ready`, {
        headers: { connection: 'close' },
      });
      expected(JSON.parse(await answer.text()));
    }, 30_000);
  } finally {
    await servers.table.stop(instance.name, 10_000);
  }
}

const withDatabasePassword = (password: string): Record<string, string> =>
  Object.fromEntries(
    Object.entries(servers.env).flatMap(([name, value]) =>
      name.endsWith('_URL') || name.endsWith('_SOURCE_URLS')
        ? [[name, value.replaceAll(/\/\/parley:[^@]+@/g, `//parley:${password}@`)]]
        : [],
    ),
  );

describe('a service with the right logins, over encrypted connections', () => {
  it.each(['plain', 'scram-sha-512'])('is ready: MySQL, Redis, and Kafka by %s', async (mechanism) => {
    await asked('message', but({ KAFKA_SASL_MECHANISM: mechanism }), ({ status, checks }) => {
      expect(checks).toMatchObject({ redis: { state: 'up' }, kafka: { state: 'up' }, 'user-db': { state: 'up' } });
      expect(status).toBe('ready');
    });
  });
});

describe('a database', () => {
  it.each([
    ['with a wrong password', () => withDatabasePassword(WRONG), 'USER_DB_SOURCE_URL'],
    ['without encryption', () => ({ DB_SSL: undefined }), 'DB_SSL'],
    ['whose certificate nobody vouches for', () => ({ NODE_EXTRA_CA_CERTS: undefined }), 'NODE_EXTRA_CA_CERTS'],
  ])('%s is not used, and the variable is named', async (_how, over, variable) => {
    await expect(migrateDatabases(but(over()))).rejects.toThrow(variable);
    await asked('auth', but(over()), ({ checks }) => {
      expect(checks['user-db']).toEqual({ state: 'down', reason: expect.stringContaining(variable) });
      expect(checks['redis']?.state).toBe(variable === 'NODE_EXTRA_CA_CERTS' ? 'down' : 'up');
    });
  });
});

describe('Redis', () => {
  it.each([
    ['with a wrong password', { REDIS_PASSWORD: WRONG }, 'REDIS_PASSWORD'],
    ['as the default user', { REDIS_USERNAME: undefined }, 'REDIS_USERNAME'],
    ['without encryption', { REDIS_SSL: undefined }, 'REDIS_SSL'],
  ])('%s is not used, and the variable is named', async (_how, over, variable) => {
    await asked('auth', but(over), ({ status, checks }) => {
      expect(checks['redis']).toEqual({ state: 'down', reason: expect.stringContaining(variable) });
      expect(status).toBe('not ready');
    });
  });
});

describe('Kafka', () => {
  const attempts = [
    ['with a wrong password', { KAFKA_SASL_PASSWORD: WRONG }, 'KAFKA_SASL_PASSWORD'],
    ['with a mechanism it does not offer', { KAFKA_SASL_MECHANISM: 'scram-sha-256' }, 'KAFKA_SASL_MECHANISM'],
    ['without a login', { KAFKA_SASL_USERNAME: undefined, KAFKA_SASL_PASSWORD: undefined }, 'KAFKA_SASL_USERNAME'],
    ['without encryption', { KAFKA_SSL: undefined }, 'KAFKA_SSL'],
    ['whose certificate nobody vouches for', { NODE_EXTRA_CA_CERTS: undefined }, 'NODE_EXTRA_CA_CERTS'],
  ] as const;
  /** All at once: each gives up after some seconds only. */
  const outcomes = new Map<string, Promise<string>>();
  beforeAll(() => {
    for (const [how, over] of attempts) {
      const outcome = createTopics(but(over)).then(
        () => 'has let us in',
        (error: unknown) => String(error),
      );
      outcomes.set(how, outcome);
    }
  });

  it.each(attempts)('%s is not used, and the variable is named', async (how, _over, variable) => {
    expect(await outcomes.get(how)).toContain(variable);
  });
});
