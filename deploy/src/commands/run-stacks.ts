import { join } from 'node:path';
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
