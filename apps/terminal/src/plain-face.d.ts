import type { Readable, Writable } from 'node:stream';
import { type Screen } from './screen.js';
import type { Shell } from './shell.js';
/** Lines out, nothing else: no prompt, no colours, no cursor. */
export declare function plainScreen(output: Writable): Screen;
/** One line after the other; the next one starts when the last one's result is out. The end of the input is `/exit`. */
export declare function runPlain(shell: Shell, input: Readable): Promise<void>;
