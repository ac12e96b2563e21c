import { guests } from './guests.js';
import { runningSystem, type System } from './system.js';
import type { Connected } from './people.js';

/** What nearly every file of system tests begins with. */
export interface Stage {
  readonly system: System;
  /** Two connection servers, for tests in which it matters who is where. */
  readonly first: string;
  readonly second: string;
  /** A new person with an open socket, who leaves after the test. */
  readonly person: (prefix: string, socketAt?: string) => Promise<Connected>;
}

/** The running system, and people for the tests of the file. */
export async function stage(): Promise<Stage> {
  const system = await runningSystem();
  const [first, second] = system.connectionServers;
  if (first === undefined || second === undefined)
    throw new Error('The system under test needs two connection servers');
  return { system, first, second, person: guests(system) };
}
