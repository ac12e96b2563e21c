import { RequestError } from '@parley/client';
import type { EntryOf } from '../history/entries.js';
import type { History } from '../history/history.js';
import type { Device } from './device.js';

/**
 * Ends the contact between two users if there is one, else makes one. The one who is invited also ends it, so that the
 * commands that decide keep their order.
 */
export async function mingle(history: History, host: Device, guest: Device): Promise<void> {
  // Whoever is left without an answer is the one to note it.
  const asGuest = <T>(about: string, request: Promise<T>): Promise<T> =>
    request.catch((error: unknown) => {
      guest.noteFailure(about, error);
      throw new Error(`${guest.name} had no answer to ${about}`, { cause: error });
    });
  const note = (state: EntryOf<'contact'>['state']): void =>
    history.add({ kind: 'contact', device: guest.name, user: guest.user, other: host.user, state });
  const contacts = await asGuest('FETCH_CONNECTIONS_REQUEST', guest.client.contacts('ACCEPTED'));
  if (contacts.some(({ username }) => username === host.user)) {
    note('unsure');
    await asGuest('DISCONNECT_REQUEST', guest.client.disconnect(host.user));
    note('apart');
  } else {
    const code = await asGuest('FETCH_USER_INVITECODE_REQUEST', guest.client.inviteCode());
    await host.client.invite(code).catch(unlessRefused);
    note('unsure');
    await asGuest('ACCEPT_REQUEST', guest.client.accept(host.user));
    note('connected');
  }
}

/** The answer may be that an earlier try has been carried out. */
function unlessRefused(error: unknown): void {
  if (!(error instanceof RequestError) || error.failure !== 'refused') throw error;
}
