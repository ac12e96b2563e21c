import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ERROR_TEXT } from '@parley/protocol';
import {
  channelOf,
  enter,
  eventually,
  logIn,
  newConnected,
  PASSWORD,
  runningSystem,
  Terminal,
  TERMINAL_PROGRAM,
  uniqueName,
  WireClient,
  write,
} from '@parley/testing';

const system = await runningSystem();
const consul = system.stack.urls.consul.join(',');
const socketUrl = /^=> Connect to url: ws:\/\/127\.0\.0\.1:\d+\/ws\/v1\/message$/;

/** What a program says from the first line of a newcomer until its socket is open. */
const WELCOME = [
  '=> Response Status: 200, Body: User registered.',
  '=> Registered.',
  expect.stringMatching(/^=> Response Status: 200, Body: [A-Za-z0-9+/]{4}\.\.\.$/),
  '=> Login successful.',
  expect.stringMatching(socketUrl),
  '=> WebSocket Connected.',
];
const GOODBYE = ['=> Response Status: 200, Body: Logout success.', '=> Logout successful.'];

async function comeIn(terminal: Terminal, name: string): Promise<void> {
  await terminal.type(`/register ${name} ${PASSWORD.replace(' ', '-')}`, '=> Registered.');
  await terminal.type(`/login ${name} ${PASSWORD.replace(' ', '-')}`, '=> WebSocket Connected.');
}

describe('two terminals', () => {
  it('meet and talk, one found through Consul, one told the server, with exactly these lines', async () => {
    await using ann = new Terminal('--consul', consul);
    await using bob = new Terminal('--server', system.server);
    const [annName, bobName] = [uniqueName('ann'), uniqueName('bob')];
    await Promise.all([comeIn(ann, annName), comeIn(bob, bobName)]);

    const ownCode = await bob.type('/invitecode user', /^=> My InviteCode: InviteCode\[code=[0-9a-f]{32}\]$/);
    const code = ownCode.replace('=> My InviteCode: ', '');
    await ann.type(`/invite ${code}`, `=> Invite ${code} result: PENDING`);
    await bob.says(`=> Do you accept ${annName}'s connection request?`);
    await bob.type('/pending', `=> ${annName} : PENDING`);
    await bob.type(`/accept ${annName}`, `=> Connected ${annName}`);
    await ann.says(`=> Connected ${bobName}`);
    await ann.type('/connections', `=> ${bobName} : ACCEPTED`);

    const created = await ann.type(
      `/create "reading circle" ${bobName}`,
      /^=> Created channel ChannelId\[id=\d+\]: reading circle$/,
    );
    const channel = /ChannelId\[id=(\d+)\]/.exec(created)?.[0] ?? '';
    const id = channel.replace(/\D/g, '');
    await bob.says(`=> Joined channel ${channel}: reading circle`);
    await bob.type('/channels', `=> ${channel} : reading circle (2)`);
    await ann.type(`/enter ${id}`, `=> Enter channel ${channel}: reading circle`);
    await bob.type(`/enter ${channel}`, `=> Enter channel ${channel}: reading circle`);
    await ann.type('hello, bob', `${annName} : hello, bob`);
    await bob.says(`${annName} : hello, bob`);
    await bob.type('안녕 👋', `${bobName} : 안녕 👋`);
    await ann.says(`${bobName} : 안녕 👋`);
    await ann.type('/leave', `=> Leave channel ${channel}`);
    await ann.type(`/quit ${id}`, `=> Quit channel ${channel}`);
    await bob.says(`=> ${annName} quit channel ${channel}`);
    await ann.type(`/enter ${id}`, `=> Error ENTER_REQUEST: ${ERROR_TEXT.notJoined}`);
    await ann.type('/logout', '=> Logout successful.');
    ann.endInput();
    bob.endInput();
    // Something went wrong for ann (she could not enter), nothing for bob.
    expect([await ann.ended, await bob.ended]).toEqual([1, 0]);

    expect(ann.lines).toEqual([
      ...WELCOME,
      `=> Invite ${code} result: PENDING`,
      `=> Connected ${bobName}`,
      `=> ${bobName} : ACCEPTED`,
      `=> Created channel ${channel}: reading circle`,
      `=> Enter channel ${channel}: reading circle`,
      `${annName} : hello, bob`,
      `${bobName} : 안녕 👋`,
      `=> Leave channel ${channel}`,
      `=> Quit channel ${channel}`,
      `=> Error ENTER_REQUEST: ${ERROR_TEXT.notJoined}`,
      ...GOODBYE,
    ]);
    expect(bob.lines).toEqual([
      ...WELCOME,
      `=> My InviteCode: ${code}`,
      `=> Do you accept ${annName}'s connection request?`,
      `=> ${annName} : PENDING`,
      `=> Connected ${annName}`,
      `=> Joined channel ${channel}: reading circle`,
      `=> ${channel} : reading circle (2)`,
      `=> Enter channel ${channel}: reading circle`,
      `${annName} : hello, bob`,
      `${bobName} : 안녕 👋`,
      `=> ${annName} quit channel ${channel}`,
      ...GOODBYE,
    ]);
  }, 90_000);
});

/** The program as a person has it: `script` gives it a terminal. */
function keyboard(state: string) {
  const command = `${process.execPath} ${TERMINAL_PROGRAM} --server ${system.server}`;
  const env = { ...process.env, XDG_STATE_HOME: state, NO_COLOR: '1' };
  const child = spawn('script', ['-qfec', command, '/dev/null'], { env, stdio: ['pipe', 'pipe', 'inherit'] });
  let text = '';
  child.stdout.on('data', (bytes) => (text += String(bytes)));
  const says = (expected: string) => eventually(() => expect(text).toContain(expected), 20_000);
  const press = async (keys: string, expected: string) => {
    child.stdin.write(keys);
    await says(expected);
  };
  const ended = once(child, 'close');
  const close = async () => {
    child.kill('SIGKILL');
    await ended;
  };
  return { says, press, ended, [Symbol.asyncDispose]: close };
}

describe('a person at the keyboard', () => {
  let state: string;
  beforeAll(async () => {
    state = await mkdtemp(join(tmpdir(), 'parley-terminal-'));
  });
  afterAll(() => rm(state, { recursive: true }));

  it('leaves with Ctrl-C, which logs out first, and finds the commands again next time', async () => {
    await using ann = keyboard(state);
    const name = uniqueName('ann');
    await ann.says('Welcome to Parley.');
    await ann.press(`/register ${name} some-password\r`, '=> Registered.');
    await ann.press(`/login ${name} some-password\r`, '=> WebSocket Connected.');
    await ann.press('/channels\r', '=> No channels.');
    await ann.press('\u0003', '=> Logout successful.');
    expect(await ann.ended).toEqual([0, null]);

    await using again = keyboard(state);
    await again.says('Welcome to Parley.');
    await again.press('\u001B[A', '/channels');
    await again.press('\u0003', '');
    expect(await again.ended).toEqual([0, null]);
  }, 60_000);
});

describe('a person who closes the window', () => {
  it('is logged out', async () => {
    const state = await mkdtemp(join(tmpdir(), 'parley-terminal-'));
    const ended = () => system.total('auth', /^auth_sessions_ended_total\S* (\d+)/m);
    let before: number;
    {
      await using ann = keyboard(state);
      const name = uniqueName('ann');
      await ann.press(`/register ${name} some-password\r`, '=> Registered.');
      await ann.press(`/login ${name} some-password\r`, '=> WebSocket Connected.');
      before = await ended();
    }
    await eventually(async () => expect(await ended()).toBe(before + 1), 10_000);
    await rm(state, { recursive: true });
  }, 60_000);
});

describe('a terminal that comes late', () => {
  it('sees the last ten messages, then as many older ones as it asks for', async () => {
    const [ann, bob] = [await newConnected(system.server, 'ann'), await newConnected(system.server, 'bob')];
    const channelId = await channelOf(ann, bob);
    for (let i = 1; i <= 15; i += 1) await write(ann, channelId, `m${i}`);

    await using terminal = new Terminal('--server', system.server);
    // Its name is known to the wire client above, whose password has a space: words can be quoted.
    await terminal.type(`/login ${bob.name} "${PASSWORD}"`, '=> WebSocket Connected.');
    const before = terminal.lines.length;
    await terminal.type(`/enter ${channelId}`, `${ann.name} : m15`);
    await terminal.type('/history 3', '=> End of history');
    await terminal.type('/history', '=> End of history');
    await terminal.type('/history', '=> No older messages.');
    const said = (from: number, to: number) =>
      Array.from({ length: to - from + 1 }, (_, i) => `${ann.name} : m${from + i}`);
    const channel = `ChannelId[id=${channelId}]`;
    expect(terminal.lines.slice(before)).toEqual([
      `=> Enter channel ${channel}: room`,
      ...said(6, 15),
      `=> History 3 to 5 of ${channel}`,
      ...said(3, 5),
      '=> End of history',
      `=> History 1 to 2 of ${channel}`,
      ...said(1, 2),
      '=> End of history',
      '=> No older messages.',
    ]);
    for (const person of [ann, bob]) await person.wire[Symbol.asyncDispose]();
  }, 60_000);

  it('leaves the messages it has shown read for every other device', async () => {
    const [ann, bob] = [await newConnected(system.server, 'ann'), await newConnected(system.server, 'bob')];
    const channelId = await channelOf(ann, bob);
    for (const text of ['one', 'two']) await write(ann, channelId, text);
    await using terminal = new Terminal('--consul', consul);
    await terminal.type(`/login ${bob.name} "${PASSWORD}"`, '=> WebSocket Connected.');
    await terminal.type(`/enter ${channelId}`, `${ann.name} : two`);
    terminal.endInput();
    expect(await terminal.ended).toBe(0);
    const wire = await WireClient.connect(system.server, await logIn(system.server, bob.name));
    // Read positions are gathered for a moment before they are passed on.
    await eventually(async () =>
      expect(await enter({ ...bob, wire }, channelId)).toMatchObject({ lastReadMessageSeqId: 2 }),
    );
    for (const socket of [wire, ann.wire, bob.wire]) await socket[Symbol.asyncDispose]();
  }, 60_000);
});

describe('a terminal that cannot do what it is asked', () => {
  it('says why, and ends with a code that tells scripts', async () => {
    await using terminal = new Terminal('--server', system.server);
    await terminal.type('hello?', /^=> Nothing was sent/);
    await terminal.type('/channels', /^=> \/channels needs a login/);
    await terminal.type(`/login ${uniqueName('ghost')} wrong-password`, '=> Login failed.');
    await terminal.type('/jion', '=> Invalid command: jion. Did you mean /join?');
    terminal.endInput();
    expect(await terminal.ended).toBe(1);
    expect(terminal.lines).toContain('=> Response Status: 401, Body: Not authenticated.');
  }, 30_000);

  it('names the Consul servers that it asked in vain', async () => {
    await using terminal = new Terminal('--consul', 'http://127.0.0.1:1');
    await terminal.type(`/register ${uniqueName('ann')} some-password`, '=> Register failed.');
    terminal.endInput();
    expect(await terminal.ended).toBe(1);
    expect(terminal.lines).toEqual([
      '=> No server found through Consul at http://127.0.0.1:1.',
      '=> Request failed.',
      '=> Register failed.',
    ]);
  }, 30_000);

  it('goes on to the next Consul server when one is dead', async () => {
    await using terminal = new Terminal('--consul', ['http://127.0.0.1:1', 'http://127.0.0.1:2', consul].join(','));
    await comeIn(terminal, uniqueName('ann'));
    terminal.endInput();
    expect(await terminal.ended).toBe(0);
    expect(terminal.lines.filter((line) => line !== '=> Retry with the next discovery node.')).toEqual([
      ...WELCOME,
      ...GOODBYE,
    ]);
  }, 30_000);
});
