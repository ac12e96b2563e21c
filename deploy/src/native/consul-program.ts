import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { DeployError } from '../errors.js';
import { toolchainDir } from '../workspace.js';
import { unpackFromSuite } from './debian-suite.js';
import { findProgram } from './packages.js';

const dir = join(toolchainDir, 'consul');
const program = join(dir, 'usr', 'bin', 'consul');

/** The Consul program: the machine's own, or the one `ensureConsul` has unpacked. */
export async function consulProgram(): Promise<string> {
  const found = existsSync(program) ? program : await findProgram('consul');
  if (found === undefined) throw new DeployError('Consul is not installed yet: run npm start');
  return found;
}

/** Brings Consul from the only suite that has it. The program is static: it needs nothing else. */
export async function ensureConsul(progress: (line: string) => void): Promise<void> {
  if (existsSync(program) || (await findProgram('consul'))) return;
  const wanted = { title: 'Consul', suite: 'bullseye', packages: ['consul'], withLibraries: false };
  await unpackFromSuite(wanted, dir, progress);
}
