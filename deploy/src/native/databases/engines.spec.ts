import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chooseEngine, engineNamed, wantedEngine } from './engines.js';

let stateDir: string;
beforeEach(async () => {
  stateDir = await mkdtemp(join(tmpdir(), 'parley-engines-'));
});
afterEach(() => rm(stateDir, { recursive: true }));

describe('the kind of database server', () => {
  it('is the one that is asked for, or MariaDB', () => {
    expect(chooseEngine(stateDir, 'mysql')).toBe('mysql');
    expect(wantedEngine('mysql')).toBe('mysql');
    expect(wantedEngine('')).toBeUndefined();
    expect(() => wantedEngine('postgres')).toThrow('PARLEY_DATABASE is "postgres": set it to mariadb or mysql');
  });

  it('stays what the data are of', async () => {
    await mkdir(join(stateDir, 'mysql'));
    expect(chooseEngine(stateDir)).toBe('mysql');
    expect(chooseEngine(stateDir, 'mysql')).toBe('mysql');
    expect(() => chooseEngine(stateDir, 'mariadb')).toThrow(`${stateDir} has the data of mysql`);
  });
});

describe('a replica of MySQL', () => {
  const mysql = engineNamed('mysql');
  const answering =
    (transactions: string, subtracted = '') =>
    async (sql: string) =>
      sql.includes('GTID_SUBTRACT') ? subtracted : transactions;

  it('has diverged if it has a transaction that its source does not have', async () => {
    const [replica, source] = [answering('a:1-9,\\nb:1-3\n', 'a:9\n'), answering('a:1-8,\\nb:1-3\n')];
    expect(await mysql.hasDiverged(new Map(), replica, source)).toBe(true);
    expect(await mysql.hasDiverged(new Map(), answering('a:1-8\n', '\n'), source)).toBe(false);
  });

  it('is not judged while its source is away', async () => {
    expect(await mysql.hasDiverged(new Map(), answering('a:1-9', 'a:9'), undefined)).toBe(false);
  });

  it('has what the status says in several lines', () => {
    const status = new Map([['Retrieved_Gtid_Set', 'a:1-9,\\nb:1-3']]);
    expect(mysql.received(status)).toBe('a:1-9,b:1-3');
  });
});

describe('a replica of MariaDB', () => {
  it('has diverged if its source says so', async () => {
    const mariadb = engineNamed('mariadb');
    const nobody = async () => '';
    expect(await mariadb.hasDiverged(new Map([['Last_IO_Errno', '1236']]), nobody, undefined)).toBe(true);
    expect(await mariadb.hasDiverged(new Map([['Last_IO_Errno', '2003']]), nobody, undefined)).toBe(false);
  });
});
