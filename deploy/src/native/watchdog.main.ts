/** Stops a stack when its owner ends, however it ends: the owner holds the other end of our standard input. */
import { stopProcesses } from '../stack/stopping.js';
import { ProcessTable } from './process-table.js';

const stateDir = process.argv[2];
if (stateDir === undefined) throw new Error('usage: watchdog.main.js <state folder>');

const OWNER_GONE_GRACE_MS = 2000;

process.stdin.resume();
process.stdin.once('close', () => void stopProcesses(new ProcessTable(stateDir), OWNER_GONE_GRACE_MS));
