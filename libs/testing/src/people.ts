import { randomBytes } from 'node:crypto';
import { type ChannelId, PATHS, PushInboxEntry, SESSION_COOKIE } from '@parley/protocol';
import { WireClient } from './wire-client.js';

export const PASSWORD = 'correct horse';

/** A name that no other test uses. */
export const uniqueName = (prefix: string): string => `${prefix.slice(0, 8)}_${randomBytes(5).toString('hex')}`;

export interface Person {
  readonly name: string;
  /** Cookie value of a live session. */
  readonly session: string;
}

/** A connection of its own for each request: none that a load balancer closes while the next request is on its way. */
const ONE_REQUEST = { connection: 'close' };

export const get = (server: string, path: string): Promise<Response> =>
  fetch(new URL(path, server), { headers: ONE_REQUEST });

export async function post(server: string, path: string, body?: unknown, session?: string): Promise<Response> {
  return fetch(new URL(path, server), {
    method: 'POST',
    headers: {
      ...ONE_REQUEST,
      ...(body !== undefined && { 'content-type': 'application/json' }),
      ...(session !== undefined && { cookie: `${SESSION_COOKIE}=${session}` }),
    },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
}

export async function logIn(server: string, name: string, password = PASSWORD): Promise<string> {
  const response = await post(server, PATHS.login, { username: name, password });
  if (response.status !== 200) throw new Error(`login: ${response.status} ${await response.text()}`);
  return response.text();
}

/** What was pushed to a person, newest first. */
export async function pushInbox(server: string, { session }: { readonly session: string }): Promise<PushInboxEntry[]> {
  const response = await fetch(new URL(PATHS.pushInbox, server), {
    headers: { ...ONE_REQUEST, cookie: `${SESSION_COOKIE}=${session}` },
  });
  if (response.status !== 200) throw new Error(`push inbox: ${response.status} ${await response.text()}`);
  return PushInboxEntry.array().parse(await response.json());
}

/** Registers a new account and logs it in. */
export async function newPerson(server: string, prefix = 'user'): Promise<Person> {
  const name = uniqueName(prefix);
  const response = await post(server, PATHS.register, { username: name, password: PASSWORD });
  if (response.status !== 200) throw new Error(`register: ${response.status} ${await response.text()}`);
  return { name, session: await logIn(server, name) };
}

interface Reachable {
  readonly name: string;
  readonly wire: WireClient;
}

export async function invite(a: Reachable, b: Reachable): Promise<void> {
  const { inviteCode } = await b.wire.ask({ type: 'FETCH_USER_INVITECODE_REQUEST' }, 'FETCH_USER_INVITECODE_RESPONSE');
  await a.wire.ask({ type: 'INVITE_REQUEST', userInviteCode: inviteCode }, 'INVITE_RESPONSE');
}

/** Invites and accepts: both are contacts afterwards. */
export async function befriend(a: Reachable, b: Reachable): Promise<void> {
  await invite(a, b);
  await b.wire.next('ASK_INVITE', (frame) => frame.username === a.name);
  await b.wire.ask({ type: 'ACCEPT_REQUEST', username: a.name }, 'ACCEPT_RESPONSE');
  await a.wire.next('NOTIFY_ACCEPT', (frame) => frame.username === b.name);
}

export interface Connected extends Person {
  readonly wire: WireClient;
}

/** A new person with an open socket. `socketAt` may name another server than the one to register at. */
export async function newConnected(server: string, prefix = 'user', socketAt = server): Promise<Connected> {
  const person = await newPerson(server, prefix);
  return { ...person, wire: await WireClient.connect(socketAt, person.session) };
}

/** The first person creates a channel with the others, who become contacts on the way; nobody has entered it. */
export async function channelOf(creator: Connected, ...others: Connected[]): Promise<ChannelId> {
  for (const other of others) await befriend(creator, other);
  const participantUsernames = others.map((other) => other.name);
  const created = await creator.wire.ask(
    { type: 'CREATE_REQUEST', title: 'room', participantUsernames },
    'CREATE_RESPONSE',
  );
  await Promise.all(
    others.map((other) => other.wire.next('NOTIFY_JOIN', (frame) => frame.channelId === created.channelId)),
  );
  return created.channelId;
}

/** A channel that all of them have entered. */
export async function roomOf(creator: Connected, ...others: Connected[]): Promise<ChannelId> {
  const channelId = await channelOf(creator, ...others);
  for (const person of [creator, ...others]) await enter(person, channelId);
  return channelId;
}

export const enter = (person: Connected, channelId: ChannelId) =>
  person.wire.ask({ type: 'ENTER_REQUEST', channelId }, 'ENTER_RESPONSE');

let lastSerial = Date.now() * 1000;
export const nextSerial = (): number => (lastSerial += 1);

/** Writes and awaits the acknowledgement; returns the sequence. */
export async function write(
  person: Connected,
  channelId: ChannelId,
  content: string,
  serial = nextSerial(),
): Promise<number> {
  person.wire.send({ type: 'WRITE_MESSAGE', serial, channelId, content });
  return (await person.wire.next('WRITE_MESSAGE_ACK', (ack) => ack.serial === serial)).messageSeqId;
}
