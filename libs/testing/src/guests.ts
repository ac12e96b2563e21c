import { type Connected, newConnected } from './people.js';
import type { System } from './system.js';

/**
 * People for the tests of a file: each call brings a new one with an open socket, at the load balancer or at the server
 * named. Everybody leaves after the test.
 */
export function guests(system: System): (prefix: string, socketAt?: string) => Promise<Connected> {
  const present: Connected[] = [];
  afterEach(async () => {
    await Promise.all(present.splice(0).map((guest) => guest.wire[Symbol.asyncDispose]()));
  });
  return async (prefix, socketAt = system.server) => {
    const guest = await newConnected(system.server, prefix, socketAt);
    present.push(guest);
    return guest;
  };
}
