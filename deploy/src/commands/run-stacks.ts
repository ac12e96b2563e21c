import { join, resolve } from 'node:path';
import { DeployError } from '../errors.js';
import { descriptionFile, findDescription } from '../stack/description.js';
import { attachStack, type Stack } from '../stack/stack.js';
import { PROFILES, type Profile } from '../topology.js';
import { stateRoot } from '../workspace.js';

/** Where `npm start` keeps a profile; the two share nothing. */
export const runDir = (profile: Profile): string => join(stateRoot, 'run', profile);

/** The stacks that `npm start` has started and nobody has stopped. */
export async function startedStacks(): Promise<Stack[]> {
  const stacks = await Promise.all(
    PROFILES.map(async (profile) => {
      const description = await findDescription(runDir(profile));
      return description ? [await attachStack(descriptionFile(runDir(profile)))] : [];
    }),
  );
  return stacks.flat();
}

/** The stack in a folder, or the one that `npm start` has started. @throws DeployError if there is none */
export async function chosenStack(stateDir: string | undefined): Promise<Stack> {
  if (stateDir !== undefined) return attachStack(descriptionFile(resolve(stateDir)));
  const [stack] = await startedStacks();
  if (stack === undefined) throw new DeployError('nothing is running: start it first with npm start -- --full');
  return stack;
}
