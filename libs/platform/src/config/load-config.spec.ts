import { z } from 'zod';
import { redisEnv, serviceEnv } from './base-env.js';
import { describeEnv } from './describe-env.js';
import { ConfigurationError, loadConfig } from './load-config.js';
import { booleanVar, hostPortListVar, listVar, mysqlUrlListVar, mysqlUrlVar } from './variables.js';

const databases = {
  USERS_URL: mysqlUrlVar().describe('Users.'),
  SHARD_URLS: mysqlUrlListVar().describe('Messages.'),
};
const schema = z.object({
  ...serviceEnv,
  ...redisEnv,
  ...databases,
  SSL: booleanVar().default(false).describe('Encryption.'),
});

const complete = {
  HTTP_PORT: '8080',
  REDIS_NODES: 'r1:6379,[::1]:6380',
  REDIS_PASSWORD: 'f83kd02mx7qp',
  USERS_URL: 'mysql://parley:f83kd%4002mx7q@db:3307/users',
  SHARD_URLS: 'mysql://parley:a93kd02mx7qp@db1/shard1, mysql://parley:b93kd02mx7qp@db2:3306/shard2',
};

const problemsOf = (env: Record<string, string>, about: z.ZodObject): readonly string[] => {
  try {
    loadConfig(about, env);
  } catch (error) {
    if (error instanceof ConfigurationError) return error.problems;
    throw error;
  }
  return [];
};

describe('loadConfig', () => {
  it('turns texts into typed values and fills the defaults in', () => {
    expect(loadConfig(schema, complete)).toEqual({
      SERVICE_ID: '1',
      HTTP_HOST: '127.0.0.1',
      HTTP_PORT: 8080,
      LOG_LEVEL: 'info',
      CONSUL_URLS: [],
      SHUTDOWN_SECONDS: 10,
      SSL: false,
      REDIS_NODES: [
        { host: 'r1', port: 6379 },
        { host: '::1', port: 6380 },
      ],
      REDIS_CLUSTER: false,
      REDIS_PASSWORD: 'f83kd02mx7qp',
      REDIS_SSL: false,
      USERS_URL: { host: 'db', port: 3307, username: 'parley', password: 'f83kd@02mx7q', database: 'users' },
      SHARD_URLS: [
        { host: 'db1', port: 3306, username: 'parley', password: 'a93kd02mx7qp', database: 'shard1' },
        { host: 'db2', port: 3306, username: 'parley', password: 'b93kd02mx7qp', database: 'shard2' },
      ],
    });
  });

  it('gives an object that nobody can change', () => {
    const config = loadConfig(schema, complete);
    expect([config, config.REDIS_NODES, config.REDIS_NODES[0]].every(Object.isFrozen)).toBe(true);
  });

  it('takes an empty variable for an absent one', () => {
    expect(loadConfig(z.object(serviceEnv), { HTTP_PORT: '1', SERVICE_ID: '', CONSUL_URLS: ' ' })).toMatchObject({
      SERVICE_ID: '1',
      CONSUL_URLS: [],
    });
  });

  it.each([
    [serviceEnv, 'HTTP_PORT', '80a', 'HTTP_PORT: needs a whole number from 0 to 65535, was given "80a"'],
    [serviceEnv, 'HTTP_PORT', '65536', 'HTTP_PORT: needs a whole number from 0 to 65535, was given "65536"'],
    [serviceEnv, 'HTTP_PORT', '', 'HTTP_PORT: is missing, needs a whole number from 0 to 65535'],
    [serviceEnv, 'SERVICE_ID', 'A_1', 'SERVICE_ID: needs 1 to 32 characters a-z, 0-9 and -, was given "A_1"'],
    [
      serviceEnv,
      'LOG_LEVEL',
      'loud',
      'LOG_LEVEL: needs one of trace, debug, info, warn, error, fatal, silent, was given "loud"',
    ],
    [
      serviceEnv,
      'CONSUL_URLS',
      'localhost:8500',
      'CONSUL_URLS: needs a comma-separated list of http://host:port addresses, was given "localhost:8500"',
    ],
    [redisEnv, 'REDIS_CLUSTER', 'yes', 'REDIS_CLUSTER: needs true or false, was given "yes"'],
    [redisEnv, 'REDIS_NODES', 'a:1,b', 'REDIS_NODES: needs a comma-separated list of host:port, was given "a:1,b"'],
    [redisEnv, 'REDIS_NODES', 'r1:0', 'REDIS_NODES: needs a comma-separated list of host:port, was given "r1:0"'],
  ])('says what is wrong with one variable', (shape, name, value, text) => {
    expect(problemsOf({ ...complete, [name]: value }, z.object(shape))).toEqual([text]);
  });

  it.each([
    ['postgres://parley:hush@db/users', 'wrong scheme'],
    ['mysql://db/users', 'no user'],
    ['mysql://parley:hush@db', 'no database'],
    ['mysql://parley:%zz-hush@db/users', 'broken escape'],
    ['mysql://parley@db/users', 'no password'],
    ['mysql://parley:short-hush@db/users', 'a short password'],
  ])('never shows the credentials in %s (%s)', (value) => {
    expect(problemsOf({ ...complete, USERS_URL: value }, z.object(databases))).toEqual([
      'USERS_URL: needs mysql://user:password@host:port/database with a password of at least 12 characters, 6 of them different, was given a value that is not shown',
    ]);
  });

  it.each([
    ['is missing', ''],
    ['is short', 'f83kd02mx7q'],
    ['is long and even', 'abcabcabcabcabcabc'],
    ['is well known', 'password'],
    ['is well known and repeated', 'changeme-changeme-123'],
  ])('refuses a secret that %s, and does not show it', (_what, value) => {
    const given = value === '' ? 'is missing, needs' : 'needs';
    const shown = value === '' ? '' : ', was given a value that is not shown';
    expect(problemsOf({ ...complete, REDIS_PASSWORD: value }, z.object(redisEnv))).toEqual([
      `REDIS_PASSWORD: ${given} a secret of at least 12 characters, 6 of them different${shown}`,
    ]);
  });

  it('hides a value that carries credentials or a secret name even if its schema forgot', () => {
    const careless = z.object({ HOOK: z.literal('x'), API_TOKEN: z.literal('x') });
    const problems = problemsOf({ HOOK: 'https://me:hush@host/', API_TOKEN: 'hush' }, careless).join('\n');
    expect(problems).toMatch(/^HOOK: .*not shown\nAPI_TOKEN: .*not shown$/);
    expect(problems).not.toContain('hush');
  });

  it('names all wrong variables at once, one on each line', () => {
    const { HTTP_PORT: _, ...rest } = complete;
    expect(() => loadConfig(schema, { ...rest, SSL: '1' })).toThrow(
      'HTTP_PORT: is missing, needs a whole number from 0 to 65535\nSSL: needs true or false, was given "1"',
    );
  });
});

describe('describeEnv', () => {
  it('documents every variable with its default and what it accepts', () => {
    const table = describeEnv(schema);
    expect(table.filter(({ accepted, description }) => accepted === '' || description === '')).toEqual([]);
    expect(table).toContainEqual({
      name: 'REDIS_NODES',
      default: 'required',
      accepted: 'a comma-separated list of host:port',
      description: 'The Redis server, or nodes of the cluster to begin with.',
    });
    expect(table.map(({ name, default: value }) => `${name}=${value}`)).toEqual(
      expect.arrayContaining(['SERVICE_ID=1', 'CONSUL_URLS=none', 'ADVERTISE_HOST=none', 'HTTP_PORT=required']),
    );
  });
});

describe('what a schema of several variables says together', () => {
  it('stands for itself, because it is about no single one', () => {
    const pair = z
      .object({ LOW: z.string(), HIGH: z.string() })
      .refine(({ LOW, HIGH }) => LOW < HIGH, 'LOW is above HIGH');
    expect(problemsOf({ LOW: '2', HIGH: '1' }, pair)).toEqual(['LOW is above HIGH']);
  });

  it('names what is missing even if nothing is known about its form', () => {
    expect(problemsOf({}, z.object({ PLAIN: z.string() }))).toEqual(['PLAIN: is missing, needs a value']);
  });
});

describe('describing a variable', () => {
  it('writes defaults as they would be given, and leaves out what is not known', () => {
    const bare = z.object({
      PLAIN: z.string(),
      NODES: hostPortListVar().default([
        { host: 'r1', port: 1 },
        { host: '::1', port: 2 },
      ]),
    });
    expect(describeEnv(bare)).toEqual([
      { name: 'PLAIN', default: 'required', accepted: '', description: '' },
      { name: 'NODES', default: 'r1:1,[::1]:2', accepted: 'a comma-separated list of host:port', description: '' },
    ]);
  });

  it('takes a list with an empty item for a wrong list', () => {
    const list = z.object({ NAMES: listVar() });
    expect(loadConfig(list, { NAMES: 'a, b' })).toEqual({ NAMES: ['a', 'b'] });
    expect(problemsOf({ NAMES: 'a,,b' }, list)).toEqual(['NAMES: needs a comma-separated list, was given "a,,b"']);
  });

  it('does not take for a database what is no address at all', () => {
    expect(problemsOf({ ...complete, USERS_URL: 'users' }, z.object(databases))).toHaveLength(1);
  });
});
