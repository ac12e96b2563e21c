import { type ApiAnswer, type ChatMessage, isLoggedOut, Unreachable } from '@parley/client';
import { ChannelId, seq } from '@parley/protocol';
import { type CommandName, helpLines, usageOf } from './commands.js';
import type { Shell } from './shell.js';

type Run = (shell: Shell, args: readonly string[]) => Promise<void> | void;

const HISTORY_COUNT = 10;

/** One entry per command; scope and number of words have been checked. */
export const COMMAND_RUNS: { readonly [N in CommandName]: Run } = {
  async register(shell, [name = '', given]) {
    const password = given ?? (await secret(shell, 'register'));
    if (password === undefined) return;
    await rest(shell, () => shell.api.register(name, password), 'Registered.', 'Register failed.');
  },

  async unregister(shell) {
    const { session } = shell;
    if (!session) return;
    const request = () => shell.expectingTheEnd(() => shell.api.unregister(session));
    if (await rest(shell, request, 'Unregistered.', 'Unregister failed.')) shell.hangUp();
  },

  async login(shell, [name = '', given]) {
    if (shell.session) {
      return shell.problem(`You are logged in as ${shell.session.username}. Use ${usageOf('logout')} first.`);
    }
    const password = given ?? (await secret(shell, 'login'));
    if (password === undefined) return;
    let session;
    const request = async (): Promise<ApiAnswer> => {
      const answer = await shell.api.login(name, password);
      ({ session } = answer);
      // The body of a successful login is the session itself: who sees it over a shoulder could use it.
      return answer.ok ? { ...answer, body: `${answer.body.slice(0, 4)}...` } : answer;
    };
    await rest(shell, request, 'Login successful.', 'Login failed.');
    if (session) await shell.connect(session);
  },

  async logout(shell) {
    await logOut(shell);
  },

  async invitecode(shell, [kind, id]) {
    if (kind === 'user' && id === undefined) {
      return shell.system(`My InviteCode: ${code(await shell.client.inviteCode())}`);
    }
    if (kind !== 'channel' || id === undefined)
      return shell.problem(`Invalid Input: usage is ${usageOf('invitecode')}`);
    const channelId = parseChannelId(shell, id);
    if (channelId === undefined) return;
    const inviteCode = await shell.client.channelInviteCode(channelId);
    shell.system(`${channel(channelId)} InviteCode: ${code(inviteCode)}`);
  },

  async invite(shell, [given = '']) {
    const { inviteCode, status } = await shell.client.invite(unwrapped(given));
    shell.system(`Invite ${code(inviteCode)} result: ${status}`);
  },

  async accept(shell, [name = '']) {
    shell.system(`Connected ${(await shell.client.accept(name)).username}`);
  },

  async reject(shell, [name = '']) {
    const { username, status } = await shell.client.reject(name);
    shell.system(`Reject ${username} result: ${status}`);
  },

  async disconnect(shell, [name = '']) {
    const { username, status } = await shell.client.disconnect(name);
    shell.system(`Disconnected ${username} result: ${status}`);
  },

  connections: (shell) => listContacts(shell, 'ACCEPTED', 'No connections.'),
  pending: (shell) => listContacts(shell, 'PENDING', 'Nobody is waiting for an answer.'),

  async channels(shell) {
    const channels = await shell.client.channels();
    if (channels.length === 0) shell.system('No channels.');
    for (const { channelId, title, headCount } of channels) {
      shell.system(`${channel(channelId)} : ${title} (${headCount})`);
    }
  },

  async create(shell, [title = '', ...names]) {
    const created = await shell.client.create(title, names);
    shell.system(`Created channel ${channel(created.channelId)}: ${created.title}`);
  },

  async join(shell, [given = '']) {
    const joined = await shell.client.join(unwrapped(given));
    shell.system(`Joined channel ${channel(joined.channelId)}: ${joined.title}`);
  },

  async enter(shell, [id = '']) {
    const channelId = parseChannelId(shell, id);
    // The line is printed by the event, which comes before the channel's first message.
    if (channelId !== undefined) await shell.client.enter(channelId);
  },

  async leave(shell) {
    const { channel: left } = shell;
    await shell.client.leave();
    shell.toLobby();
    if (left) shell.system(`Leave channel ${channel(left.channelId)}`);
  },

  async quit(shell, [id = '']) {
    const channelId = parseChannelId(shell, id);
    if (channelId === undefined) return;
    await shell.client.quit(channelId);
    shell.system(`Quit channel ${channel(channelId)}`);
  },

  async history(shell, [count = String(HISTORY_COUNT)]) {
    if (!/^\d{1,4}$/.test(count) || Number(count) === 0) return shell.problem(`Invalid Input: ${count}`);
    const { channel: entered, oldest } = shell;
    if (!entered || oldest === undefined) return;
    const messages: readonly ChatMessage[] = await shell.client.history(entered.channelId, oldest, Number(count));
    const [first] = messages;
    if (!first) return shell.system('No older messages.');
    shell.system(`History ${first.seq} to ${oldest - 1} of ${channel(entered.channelId)}`);
    for (const message of messages) shell.message(message);
    shell.system('End of history');
    shell.oldest = seq(first.seq);
  },

  clear: (shell) => shell.screen.clear(),

  async exit(shell) {
    shell.exited = true;
    if (shell.session) await logOut(shell);
  },

  help(shell) {
    for (const line of helpLines()) shell.system(line);
  },
};

const code = (inviteCode: string): string => `InviteCode[code=${inviteCode}]`;
const channel = (id: number): string => `ChannelId[id=${id}]`;

/** Ids and codes may be pasted back in the form in which they are shown. */
const unwrapped = (given: string): string => /^\w+\[\w+=(.*)\]$/.exec(given)?.[1] ?? given;

function parseChannelId(shell: Shell, given: string): ChannelId | undefined {
  const id = ChannelId.safeParse(unwrapped(given));
  if (!id.success) shell.problem(`Invalid Input: ${given}`);
  return id.data;
}

async function secret(shell: Shell, command: 'login' | 'register'): Promise<string | undefined> {
  const password = await shell.screen.askSecret('Password: ');
  if (password === undefined) shell.problem(`Invalid Input: usage is /${command} <name> <password>`);
  return password;
}

/** A REST request and its two lines; true if it succeeded. */
async function rest(shell: Shell, request: () => Promise<ApiAnswer>, done: string, failed: string): Promise<boolean> {
  const answer = await request().catch((error: unknown) => {
    if (error instanceof Error) shell.problem(error.message);
    if (error instanceof Unreachable) shell.problem('Request failed.');
  });
  if (answer) shell.system(`Response Status: ${answer.status}, Body: ${answer.body}`);
  if (answer?.status === 503) shell.problem(`The server is busy. Try again in ${answer.retryAfter ?? 2} s.`);
  if (answer?.ok) shell.system(done);
  else shell.problem(failed);
  return answer?.ok ?? false;
}

/** The session may live on without an answer, and does when the server is busy: the user stays logged in and can try again. */
async function logOut(shell: Shell): Promise<void> {
  const { session } = shell;
  if (!session) return;
  shell.client.flushRead();
  let isOver = false;
  const request = (): Promise<ApiAnswer> =>
    shell.expectingTheEnd(async () => {
      const answer = await shell.api.logout(session);
      isOver = isLoggedOut(answer);
      return answer;
    });
  await rest(shell, request, 'Logout successful.', 'Logout failed.');
  if (isOver || shell.exited) shell.hangUp();
}

async function listContacts(shell: Shell, status: 'ACCEPTED' | 'PENDING', none: string): Promise<void> {
  const contacts = await shell.client.contacts(status);
  if (contacts.length === 0) shell.system(none);
  for (const contact of contacts) shell.system(`${contact.username} : ${contact.status}`);
}
