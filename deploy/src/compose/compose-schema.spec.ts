import { readFile } from 'node:fs/promises';
import { parse } from 'yaml';
import { z } from 'zod';
import { inWorkspace } from '../workspace.js';

/**
 * The part of the Compose Specification (compose-spec.io) that docker-compose.yml uses, strictly: compose itself refuses an
 * unknown property only when somebody runs it.
 */

/** `$$`, `${NAME}`, `${NAME:-default}`, `${NAME-default}`, `${NAME:?reason}` and `${NAME?reason}` are the legal dollar signs. */
const LEGAL_DOLLARS = /\$\$|\$\{[A-Za-z_][A-Za-z0-9_]*(?::?[-?][^${}]*)?\}/g;
const Text = z.string().refine((text) => !text.replace(LEGAL_DOLLARS, '').includes('$'), 'an illegal interpolation');
const Name = z.string().regex(/^[a-zA-Z0-9._-]+$/);
const Duration = z
  .string()
  .regex(/^(\d+h)?(\d+m)?(\d+s)?(\d+ms)?(\d+us)?$/)
  .min(2);
const Image = z.string().regex(/^[a-z0-9]+(?:[._/-][a-z0-9]+)*(?::[\w][\w.-]{0,127})?$/);
const Words = z.array(Text).min(1);

const Service = z.strictObject({
  image: Image,
  build: z.strictObject({ context: Text, dockerfile: Text, target: Name }).optional(),
  init: z.boolean().optional(),
  profiles: z.array(z.string().regex(/^[a-zA-Z0-9][a-zA-Z0-9_.-]+$/)).min(1),
  entrypoint: Words.optional(),
  command: Words.optional(),
  // Compose takes numbers too, but YAML's reading of them differs from ours: only texts.
  environment: z.record(z.string().regex(/^[A-Z_][A-Z0-9_]*$/), Text).optional(),
  ports: z.array(Text.regex(/^(?:(?:\$\{[^}]+\}|[\d.]+):)?\d{1,5}:\d{1,5}(?:\/(?:tcp|udp))?$/)).optional(),
  volumes: z.array(z.string().regex(/^[a-zA-Z0-9._-]+:\/[^:]+(?::ro|:rw)?$/)).optional(),
  networks: z.record(Name, z.strictObject({ ipv4_address: z.ipv4() }).nullable()),
  healthcheck: z
    .strictObject({
      test: z.union([z.tuple([z.literal('CMD-SHELL'), Text]), z.tuple([z.literal('CMD'), Text], Text)]),
      interval: Duration,
      timeout: Duration,
      retries: z.int().positive(),
      start_period: Duration,
    })
    .optional(),
  depends_on: z
    .record(
      Name,
      z.strictObject({
        condition: z.enum(['service_started', 'service_healthy', 'service_completed_successfully']),
      }),
    )
    .optional(),
  restart: z
    .string()
    .regex(/^(?:no|always|unless-stopped|on-failure(?::\d+)?)$/)
    .optional(),
  stop_grace_period: Duration.optional(),
});

const Network = z.strictObject({
  ipam: z.strictObject({
    config: z.array(z.strictObject({ subnet: z.cidrv4(), gateway: z.ipv4(), ip_range: z.cidrv4() })),
  }),
});

/** Keys that begin with `x-` are extensions, which compose leaves alone. */
const ComposeFile = z.strictObject({
  name: z.string().regex(/^[a-z0-9][a-z0-9_-]*$/),
  services: z.record(Name, Service),
  networks: z.record(Name, Network),
  volumes: z.record(Name, z.null()),
});

const committed = await readFile(inWorkspace('docker-compose.yml'), 'utf8');

function problems(text: string): string[] {
  const file = z.record(z.string(), z.unknown()).parse(parse(text, { merge: true }));
  const own = Object.fromEntries(Object.entries(file).filter(([key]) => !key.startsWith('x-')));
  const result = ComposeFile.safeParse(own);
  return result.success ? [] : result.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`);
}

/** The committed file with the first `right` written wrongly. */
function misspelt(right: string, wrong: string): string {
  expect(committed).toContain(right);
  return committed.replace(right, () => wrong);
}

describe('docker-compose.yml and the Compose Specification', () => {
  it('agree', () => {
    expect(problems(committed)).toEqual([]);
  });

  it.each([
    ['a key of a service', 'stop_grace_period:', 'stop_grace_periode:'],
    ['a key of a health check', 'start_period:', 'startperiod:'],
    ['a key of the file', '\nvolumes:\n', '\nvolume:\n'],
    ['a condition', 'condition: service_healthy', 'condition: healthy'],
    ['a duration', 'interval: 3s', 'interval: 3 seconds'],
    ['a number', 'retries: 40', "retries: '40'"],
    ['a restart policy', 'restart: on-failure', 'restart: onfailure'],
    ['an image', 'image: mysql:8.4', 'image: mysql:8.4:latest'],
    ['an address', 'ipv4_address: 172.29.19.10', 'ipv4_address: 172.29.19.310'],
    ['an interpolation', '${PARLEY_REDIS_PASSWORD:?', '$(PARLEY_REDIS_PASSWORD:?'],
    ['a shell variable', '$$MYSQL_ROOT_PASSWORD', '$MYSQL_ROOT_PASSWORD'],
  ])('disagree over a misspelt %s', (_, right, wrong) => {
    const found = problems(misspelt(right, wrong));
    expect(found.length).toBeGreaterThan(0);
  });

  it('disagree with a word about where and what', () => {
    expect(problems(misspelt('init: true', 'inti: true'))).toEqual([
      expect.stringMatching(/^services\.[a-z0-9-]+: Unrecognized key: "inti"$/),
    ]);
  });
});
