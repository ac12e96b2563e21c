import { DeployError } from '../errors.js';
import { chaos } from './chaos.js';
import { chat } from './chat.js';
import { compose } from './compose.js';
import { failover } from './failover.js';
import { infra } from './infra.js';
import { logs } from './logs.js';
import { InterruptedError } from './output.js';
import { bench, load } from './programs.js';
import { shardAdd } from './shard-add.js';
import { start } from './start.js';
import { status } from './status.js';
import { stop } from './stop.js';
import { test } from './test.js';

type Command = (args: readonly string[]) => Promise<number>;

const COMMANDS: Readonly<Record<string, Command>> = {
  start,
  stop,
  status,
  logs,
  test,
  chaos,
  chat,
  load,
  bench,
  infra,
  compose,
  failover,
  'shard-add': shardAdd,
};

const NODE_MAJOR = 24;
const INTERRUPTED_EXIT_CODE = 130;

/** `parseArgs` tells of wrong options by a TypeError with such a code. */
const isUsageError = (error: unknown): error is TypeError =>
  error instanceof TypeError && 'code' in error && String(error.code).startsWith('ERR_PARSE_ARGS');

/** Runs one command of the command line and returns its exit code; what the user can mend is told in one line. */
export async function runCommand([name = '', ...args]: readonly string[]): Promise<number> {
  try {
    const command = COMMANDS[name];
    if (Number(process.versions.node.split('.')[0]) < NODE_MAJOR) {
      throw new DeployError(
        `Node ${NODE_MAJOR} is needed, this is ${process.version}: run node deploy/bootstrap.mjs ${name}`,
      );
    }
    if (command === undefined) {
      throw new DeployError(`there is no command "${name}": there are ${Object.keys(COMMANDS).join(', ')}`);
    }
    return await command(args);
  } catch (error) {
    if (error instanceof InterruptedError) return INTERRUPTED_EXIT_CODE;
    if (!(error instanceof DeployError) && !isUsageError(error)) throw error;
    process.stderr.write(`parley: ${error.message}\n`);
    return 1;
  }
}
