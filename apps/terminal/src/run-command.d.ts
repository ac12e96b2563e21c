import { type CommandName } from './commands.js';
import type { Shell } from './shell.js';
type Run = (shell: Shell, args: readonly string[]) => Promise<void> | void;
/** One entry per command; scope and number of words have been checked. */
export declare const COMMAND_RUNS: {
  readonly [N in CommandName]: Run;
};
export {};
