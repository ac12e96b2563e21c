import { DeployError } from '../errors.js';
import { infra } from './infra.js';

type Command = (args: readonly string[]) => Promise<number>;

const COMMANDS: Readonly<Record<string, Command>> = { infra };

/** Runs one command of the command line and returns its exit code; what the user can mend is told in one line. */
export async function runCommand([name = '', ...args]: readonly string[]): Promise<number> {
  const command = COMMANDS[name];
  try {
    if (command === undefined) {
      throw new DeployError(`there is no command "${name}": there are ${Object.keys(COMMANDS).join(', ')}`);
    }
    return await command(args);
  } catch (error) {
    if (!(error instanceof DeployError)) throw error;
    process.stderr.write(`parley: ${error.message}\n`);
    return 1;
  }
}
