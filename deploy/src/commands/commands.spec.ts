import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Certificate } from '../native/certificate.js';
import { describe as described } from '../stack/description.js';
import { chosenCertificate, parseScale } from './start.js';
import { statusTable } from './status.js';

describe('--scale', () => {
  it('reads counts of several services', () => {
    expect(parseScale('connection=2,auth=3')).toEqual({ connection: 2, auth: 3 });
  });

  it.each(['chat=2', 'connection', 'connection=', 'connection=0', 'connection=21', 'connection=two', ''])(
    'refuses %p and says what it takes',
    (text) => expect(() => parseScale(text)).toThrow('write service=count'),
  );
});

describe('the status table', () => {
  it('aligns its columns and adds the memory up', () => {
    const table = statusTable([
      { name: 'consul-1', port: 18500, pid: 7, health: 'ready', memoryMiB: 50 },
      { name: 'connection-1', port: 18120, pid: undefined, health: 'crashed', memoryMiB: 0 },
    ]);
    expect(table.split('\n')).toEqual([
      'PROCESS       PORT   PID  HEALTH   MEMORY',
      'consul-1      18500  7    ready    50 MiB',
      'connection-1  18120       crashed',
      '2 processes, 50 MiB',
    ]);
  });
});

describe('the certificate that a start serves HTTPS with', () => {
  let dir: string;
  let given: Certificate;
  beforeAll(async () => {
    dir = await mkdtemp(join(tmpdir(), 'parley-certificate-'));
    given = { certificate: join(dir, 'chat.pem'), key: join(dir, 'chat.key') };
    for (const file of Object.values(given)) await writeFile(file, '');
  });
  afterAll(() => rm(dir, { recursive: true }));

  const own = (): Certificate => ({ certificate: join(dir, 'tls/certificate.pem'), key: join(dir, 'tls/key.pem') });
  /** What a start with these words takes, beside a system that does not run, or runs with a certificate or none. */
  const choice = (words: Partial<Certificate> & { tls?: boolean }, running?: { tls?: Certificate }) =>
    chosenCertificate(
      { tls: words.tls ?? false, 'tls-certificate': words.certificate, 'tls-key': words.key },
      dir,
      running && described({ stateDir: dir, ...running }),
    );

  it('is none, or the one that is named', async () => {
    expect(await choice({})).toBeUndefined();
    expect(await choice(given)).toEqual(given);
    expect(await choice({ ...given, tls: true })).toEqual(given);
    expect(existsSync(own().certificate)).toBe(false);
  });

  it('is one for this machine alone with --tls, made once', async () => {
    expect(await choice({ tls: true })).toEqual(own());
    const made = await readFile(own().certificate, 'utf8');
    expect(made).toContain('BEGIN CERTIFICATE');
    expect(await choice({ tls: true })).toEqual(own());
    expect(await readFile(own().certificate, 'utf8')).toBe(made);
  });

  it('stays what a running system has', async () => {
    expect(await choice({}, { tls: given })).toEqual(given);
    expect(await choice(given, { tls: given })).toEqual(given);
    expect(await choice({}, {})).toBeUndefined();
  });

  it.each<[string, () => Parameters<typeof choice>, string]>([
    ['a certificate without a key', () => [{ certificate: given.certificate }], 'go together'],
    ['a key without a certificate', () => [{ key: given.key }], 'go together'],
    ['a certificate that is not there', () => [{ ...given, certificate: '/no/chat.pem' }], '/no/chat.pem cannot be'],
    ['a key that is not there', () => [{ ...given, key: '/no/chat.key' }], '/no/chat.key cannot be read'],
    ['another one than the running system has', () => [{ tls: true }, { tls: given }], 'stop it first'],
    ['one where the running system has none', () => [given, {}], 'stop it first'],
  ])('is refused: %s', async (_what, words, reason) => {
    await expect(choice(...words())).rejects.toThrow(reason);
  });
});
