import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { DeployError } from './errors.js';

function findRoot(from: string): string {
  if (existsSync(join(from, 'nx.json'))) return from;
  const parent = dirname(from);
  if (parent === from)
    throw new DeployError(`nx.json not found above ${import.meta.dirname}: run this from a checkout`);
  return findRoot(parent);
}

/** Folder of the checkout, the same whether this module runs from `src` (tests) or `dist`. */
export const workspaceRoot = findRoot(import.meta.dirname);

/** Everything that is installed or written at run time lives below this folder, which may be deleted while nothing runs. */
export const stateRoot = join(workspaceRoot, '.state');

/** Programs and jars, shared by all stacks of this checkout. */
export const toolchainDir = join(stateRoot, 'toolchain');

export const inWorkspace = (...path: string[]): string => join(workspaceRoot, ...path);
