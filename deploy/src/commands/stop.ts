import { say } from './output.js';
import { startedStacks } from './run-stacks.js';

/** `stop`: services, then load balancers, then servers. The data stays. */
export async function stop(): Promise<number> {
  const stacks = await startedStacks();
  if (stacks.length === 0) say('Nothing is running.');
  for (const stack of stacks) {
    const count = await stack.stop();
    say(
      `Stopped the ${stack.description.profile} profile (${count} processes). Data is kept in ${stack.description.stateDir}.`,
    );
  }
  return 0;
}
