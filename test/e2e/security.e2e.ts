import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import type { StackProcess } from '@parley/deploy';
import { ERROR_TEXT, PATHS } from '@parley/protocol';
import {
  get,
  befriend,
  type Connected,
  enter,
  eventually,
  guests,
  logIn,
  nextSerial,
  post,
  pushInbox,
  roomOf,
  runningSystem,
  uniqueName,
  WireClient,
  write,
} from '@parley/testing';

const system = await runningSystem();
const [first, second] = system.connectionServers as [string, string];
const person = guests(system);
describe('who has quit a channel', () => {
  it('can neither write to it nor read it from that moment, on any socket', async () => {
    const [ann, bob] = [await person('ann', first), await person('bob', first)];
    const channelId = await roomOf(ann, bob);
    await using elsewhere = await WireClient.connect(second, bob.session);
    await enter({ ...bob, wire: elsewhere }, channelId);
    await write(ann, channelId, 'while he was here');

    await bob.wire.ask({ type: 'QUIT_REQUEST', channelId }, 'QUIT_RESPONSE');
    await write(ann, channelId, 'after he has gone');
    for (const wire of [bob.wire, elsewhere]) {
      const refused = async (frame: { type: string } & Record<string, unknown>) =>
        wire.askError({ ...frame, channelId });
      expect(await refused({ type: 'ENTER_REQUEST' })).toBe(ERROR_TEXT.notJoined);
      expect(await refused({ type: 'FETCH_MESSAGES_REQUEST', startMessageSeqId: 1, endMessageSeqId: 9 })).toBe(
        ERROR_TEXT.notJoined,
      );
      expect(await refused({ type: 'WRITE_MESSAGE', serial: nextSerial(), content: 'x' })).toBe(ERROR_TEXT.notJoined);
      expect(await refused({ type: 'READ_MESSAGE_ACK', messageSeqId: 1 })).toBe(ERROR_TEXT.notJoined);
      expect(await refused({ type: 'FETCH_CHANNEL_INVITECODE_REQUEST' })).toBe(ERROR_TEXT.notJoinedTheChannel);
      await wire.settle();
      expect(wire.received.join('\n')).not.toContain('after he has gone');
    }
    expect((await pushInbox(system.server, bob)).map(({ content }) => content)).not.toContain('after he has gone');
  });
});

describe('the web page', () => {
  it.each(['/', '/index.html', '/some/deep/link'])('%s comes with everything that keeps it to itself', async (path) => {
    const { headers } = await get(system.server, path);
    const policy = headers.get('content-security-policy') ?? '';
    const directives = Object.fromEntries(
      policy.split(';').map((each) => {
        const [name = '', ...values] = each.trim().split(' ');
        return [name, values.join(' ')];
      }),
    );
    expect(directives).toMatchObject({
      'default-src': "'self'",
      'connect-src': "'self'",
      'object-src': "'none'",
      'base-uri': "'none'",
      'form-action': "'self'",
      'frame-ancestors': "'none'",
    });
    expect(policy).not.toMatch(/unsafe-|\*|http:/);
    expect(headers.get('x-content-type-options')).toBe('nosniff');
    expect(headers.get('referrer-policy')).toBe('same-origin');
    expect(headers.get('cross-origin-opener-policy')).toBe('same-origin');
    expect(headers.get('server')).toBe('nginx');
    expect(headers.get('set-cookie')).toBeNull();
  });

  it('holds no script or style of its own that such a policy would have to allow', async () => {
    const page = await (await get(system.server, '/')).text();
    expect(page).not.toMatch(/<script(?![^>]*\ssrc=)[^>]*>|<style|\sstyle=|\son\w+=|javascript:/i);
    const sources = [...page.matchAll(/\s(?:src|href)="([^"]+)"/g)].map(([, source = '']) => source);
    expect(sources).not.toEqual([]);
    expect(sources.filter((source) => /^(https?:)?\/\//.test(source))).toEqual([]);
  });

  it('and everything beside it is taken for what it says it is', async () => {
    for (const path of [PATHS.login, PATHS.pushInbox, '/health/live', PATHS.webSocket]) {
      expect((await get(system.server, path)).headers.get('x-content-type-options')).toBe('nosniff');
    }
  });
});

describe('the logs of services that are told to log everything', () => {
  const kinds = ['auth', 'connection', 'message', 'push'] as const;
  const secret = randomBytes(12).toString('hex');
  const password = `${secret} as a password`;
  const started: StackProcess[] = [];
  const people: Connected[] = [];

  const logs = () => Promise.all(started.map(({ logFile }) => readFile(logFile, 'utf8')));

  /** Bob sees what Ann writes, Cat is pushed it. Several channels, because each instance of message owns some of them. */
  async function talk(): Promise<void> {
    const [ann, bob, cat] = people as [Connected, Connected, Connected];
    const frame = { type: 'CREATE_REQUEST', title: secret, participantUsernames: [bob.name, cat.name] };
    const { channelId } = await ann.wire.ask(frame, 'CREATE_RESPONSE');
    await enter(bob, channelId);
    await write(ann, channelId, `seen and pushed ${secret}`);
    await ann.wire.askError({ type: 'WRITE_MESSAGE', serial: nextSerial(), channelId, content: secret.repeat(60) });
  }

  beforeAll(async () => {
    for (const kind of kinds) {
      const id = `trace-${secret.slice(0, 6)}`;
      started.push(await system.stack.startService(kind, id, { LOG_LEVEL: 'trace' }));
    }
    const [auth = '', connection = ''] = started.map(({ url }) => url);
    for (const prefix of ['ann', 'bob', 'cat']) {
      const name = uniqueName(prefix);
      expect((await post(auth, PATHS.register, { username: name, password })).status).toBe(200);
      await post(auth, PATHS.login, { username: name, password: `${password} but wrong` });
      const session = await logIn(auth, name, password);
      people.push({ name, session, wire: await WireClient.connect(connection, session) });
    }
    const [ann, bob, cat] = people as [Connected, Connected, Connected];
    await befriend(ann, bob);
    await befriend(ann, cat);
    await talk();
  }, 120_000);
  afterAll(async () => {
    for (const { wire } of people) await wire[Symbol.asyncDispose]();
    for (const service of started) await service.stop();
  }, 60_000);

  it('show the way of a message by one trace: from its socket to the other sockets and to push', async () => {
    await eventually(async () => {
      await talk();
      const ways = new Map<string, Set<string>>();
      for (const line of (await logs()).flatMap((text) => text.split('\n'))) {
        if (!line.includes('"trace":"')) continue;
        const { trace, service, text } = JSON.parse(line) as Record<'trace' | 'service' | 'text', string>;
        ways.set(trace, (ways.get(trace) ?? new Set()).add(`${service}: ${text}`));
      }
      expect([...ways.values()].map((way) => [...way])).toContainEqual(
        expect.arrayContaining([
          'connection: frame received',
          'message: message stored',
          'connection: answer',
          'connection: message for a channel',
          'push: push for users',
        ]),
      );
    }, 60_000);
  }, 70_000);

  it('hold no word, no cookie and no password either', async () => {
    const [auth] = started;
    const [ann, , cat] = people as [Connected, Connected, Connected];
    for (let i = 0; i < 5; i += 1) await talk();
    await ann.wire.askError({ type: 'JOIN_REQUEST', inviteCode: secret });
    ann.wire.sendRaw(`{"broken": "${secret}`);
    await eventually(async () => {
      expect((await pushInbox(system.server, cat)).filter(({ type }) => type === 'NOTIFY_MESSAGE')).not.toEqual([]);
    });
    await post(auth?.url ?? system.server, PATHS.logout, undefined, cat.session);
    for (const text of await logs()) {
      expect(text).toMatch(/"level":"(debug|trace)"/);
      for (const hidden of [secret, password, ...people.map(({ session }) => session)])
        expect(text).not.toContain(hidden);
    }
  }, 60_000);
});
