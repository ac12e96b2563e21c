import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { DeployError } from '../../errors.js';
import { ENGINES, type DatabaseEngine, type EngineName } from './database-engine.js';
import { MARIADB } from './mariadb.js';
import { MYSQL } from './mysql.js';

const BY_NAME: Readonly<Record<EngineName, DatabaseEngine>> = { mariadb: MARIADB, mysql: MYSQL };

export const engineNamed = (name: EngineName): DatabaseEngine => BY_NAME[name];

/** What PARLEY_DATABASE asks for; undefined when it leaves the choice to us. @throws DeployError */
export function wantedEngine(setting = process.env['PARLEY_DATABASE']): EngineName | undefined {
  const parsed = z
    .enum(ENGINES)
    .optional()
    .safeParse(setting || undefined);
  if (parsed.success) return parsed.data;
  throw new DeployError(`PARLEY_DATABASE is "${setting}": set it to ${ENGINES.join(' or ')}, or leave it out`);
}

/**
 * The kind of database server for a state folder: the one whose data are there, then the one that is asked for.
 * @throws DeployError if somebody asks for another one than the data are of
 */
export function chooseEngine(stateDir: string, wanted = wantedEngine()): EngineName {
  const kept = keptIn(stateDir);
  if (kept !== undefined && wanted !== undefined && kept !== wanted) {
    throw new DeployError(
      `${stateDir} has the data of ${kept}: leave PARLEY_DATABASE out, or move that folder away to begin with ${wanted}`,
    );
  }
  return kept ?? wanted ?? 'mariadb';
}

const keptIn = (stateDir: string): EngineName | undefined => ENGINES.find((name) => existsSync(join(stateDir, name)));
