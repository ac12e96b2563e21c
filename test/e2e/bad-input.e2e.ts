import { CLOSE, ERROR_TEXT, LIMITS } from '@parley/protocol';
import {
  type Connected,
  newConnected,
  newPerson,
  PASSWORD,
  post,
  roomOf,
  runningSystem,
  uniqueName,
  WireClient,
  write,
} from '@parley/testing';

const system = await runningSystem();

describe('frames that cannot be read', () => {
  let ann: Connected;
  let bob: Connected;
  beforeAll(async () => {
    ann = await newConnected(system.server, 'ann');
    bob = await newConnected(system.server, 'bob');
  });
  afterAll(async () => {
    for (const person of [ann, bob]) await person.wire[Symbol.asyncDispose]();
  });

  it.each([
    ['not JSON', '{"type":', 'UNKNOWN', ERROR_TEXT.notJson],
    ['an array', '[]', 'UNKNOWN', ERROR_TEXT.notJson],
    ['no type', '{}', 'UNKNOWN', ERROR_TEXT.unknownType],
    ['an unknown type', '{"type":"HELLO"}', 'UNKNOWN', ERROR_TEXT.unknownType],
    ['no channel', '{"type":"WRITE_MESSAGE","serial":1,"content":"x"}', 'WRITE_MESSAGE', /channelId/],
    ['an object for a channel', '{"type":"ENTER_REQUEST","channelId":{}}', 'ENTER_REQUEST', /channelId/],
    ['a channel below 1', '{"type":"ENTER_REQUEST","channelId":0}', 'ENTER_REQUEST', /channelId/],
    ['no content', '{"type":"WRITE_MESSAGE","serial":1,"channelId":1}', 'WRITE_MESSAGE', /content/],
    ['empty content', '{"type":"WRITE_MESSAGE","serial":1,"channelId":1,"content":""}', 'WRITE_MESSAGE', /content/],
    [
      'a negative range',
      '{"type":"FETCH_MESSAGES_REQUEST","channelId":1,"startMessageSeqId":-1,"endMessageSeqId":2}',
      'FETCH_MESSAGES_REQUEST',
      /sequence/,
    ],
    ['a missing range', '{"type":"FETCH_MESSAGES_REQUEST","channelId":1}', 'FETCH_MESSAGES_REQUEST', /sequence/],
    [
      'a negative position',
      '{"type":"READ_MESSAGE_ACK","channelId":1,"messageSeqId":-1}',
      'READ_MESSAGE_ACK',
      /sequence/,
    ],
    ['a bad status', '{"type":"FETCH_CONNECTIONS_REQUEST","status":"FRIENDS"}', 'FETCH_CONNECTIONS_REQUEST', /status/],
    ['an empty invite code', '{"type":"JOIN_REQUEST","inviteCode":""}', 'JOIN_REQUEST', /inviteCode/],
    ['no names', '{"type":"CREATE_REQUEST","title":"x"}', 'CREATE_REQUEST', /participantUsernames/],
  ])('%s: an ERROR, and the socket stays open', async (_what, raw, messageType, text) => {
    ann.wire.sendRaw(raw);
    const error = await ann.wire.next('ERROR');
    expect(error.messageType).toBe(messageType);
    expect(error.message).toMatch(text);
    await ann.wire.settle();
  });

  it('takes whole numbers written as text', async () => {
    const channelId = await roomOf(ann, bob);
    ann.wire.send({ type: 'WRITE_MESSAGE', serial: '77', channelId: String(channelId), content: 5 });
    expect(await ann.wire.next('WRITE_MESSAGE_ACK')).toMatchObject({ serial: 77, messageSeqId: 1 });
    expect(await bob.wire.next('NOTIFY_MESSAGE')).toMatchObject({ content: '5' });
  });

  it('delivers to everybody else meanwhile', async () => {
    const channelId = (await ann.wire.ask({ type: 'FETCH_CHANNELS_REQUEST' }, 'FETCH_CHANNELS_RESPONSE')).channels[0]
      ?.channelId;
    if (channelId === undefined) throw new Error('no channel');
    for (let i = 0; i < 20; i += 1) bob.wire.sendRaw('garbage');
    await write(ann, channelId, 'still here');
    await bob.wire.next('NOTIFY_MESSAGE', (frame) => frame.content === 'still here');
  });
});

describe('the size of a frame', () => {
  const padded = (characters: number) => `{"type":"KEEP_ALIVE","pad":"${'x'.repeat(characters - 30)}"}`;

  it(`may be ${LIMITS.frameCharacters} characters, one more closes with 1009`, async () => {
    const ann = await newConnected(system.server, 'ann');
    expect(padded(LIMITS.frameCharacters)).toHaveLength(LIMITS.frameCharacters);
    ann.wire.sendRaw(padded(LIMITS.frameCharacters));
    await ann.wire.settle();
    ann.wire.sendRaw(padded(LIMITS.frameCharacters + 1));
    expect((await ann.wire.untilClosed()).code).toBe(CLOSE.tooBig.code);
  });

  it('does not matter for a binary frame: it closes with 1003', async () => {
    const ann = await newConnected(system.server, 'ann');
    ann.wire.sendRaw(Buffer.from('{"type":"KEEP_ALIVE"}'));
    expect(await ann.wire.untilClosed()).toEqual(CLOSE.binary);
  });
});

describe('a handshake', () => {
  it.each([
    ['without a session', undefined],
    ['with a cookie that is not base64', '%%%'],
    ['with a session that does not exist', 'A'.repeat(48)],
  ])('%s is refused with 401', async (_what, session) => {
    await expect(WireClient.connect(system.server, session)).rejects.toThrow('401');
  });

  it('with a cookie stolen after logout is refused', async () => {
    const ann = await newPerson(system.server, 'ann');
    await post(system.server, '/api/v1/auth/logout', undefined, ann.session);
    await expect(WireClient.connect(system.server, ann.session)).rejects.toThrow('401');
  });

  it('from a foreign page is refused, from our own page not', async () => {
    const ann = await newPerson(system.server, 'ann');
    await expect(WireClient.connect(system.server, ann.session, { origin: 'https://evil.example' })).rejects.toThrow(
      '403',
    );
    const own = await WireClient.connect(system.server, ann.session, { origin: system.server });
    await own.settle();
    await own[Symbol.asyncDispose]();
  });
});

describe('REST', () => {
  const register = (body: unknown) => post(system.server, '/api/v1/auth/register', body);
  const raw = (path: string, body: string, contentType: string) =>
    fetch(new URL(path, system.server), { method: 'POST', body, headers: { 'content-type': contentType } });

  it.each([
    ['no name', { password: PASSWORD }, /username/i],
    ['an empty name', { username: '', password: PASSWORD }, /username/i],
    ['a name with a space', { username: 'an n', password: PASSWORD }, /username/i],
    ['a name of 21 characters', { username: 'n'.repeat(21), password: PASSWORD }, /username/i],
    ['no password', { username: uniqueName('x') }, /password/i],
    ['a short password', { username: uniqueName('x'), password: '1234567' }, /password/i],
  ])('register with %s: 400 that says so', async (_what, body, text) => {
    const response = await register(body);
    expect([response.status, await response.text()]).toEqual([400, expect.stringMatching(text)]);
  });

  it('register: malformed JSON is 400, a taken name 409 in any case and accent', async () => {
    expect((await raw('/api/v1/auth/register', '{"username"', 'application/json')).status).toBe(400);
    const name = uniqueName('zoé');
    expect((await register({ username: name, password: PASSWORD, unknown: 1 })).status).toBe(200);
    for (const same of [name, name.toUpperCase(), name.replace('é', 'e')]) {
      expect((await register({ username: same, password: PASSWORD })).status).toBe(409);
    }
    const login = await post(system.server, '/api/v1/auth/login', { username: name.toUpperCase(), password: PASSWORD });
    expect(login.status).toBe(200);
  });

  it('login: one answer for a wrong name, a wrong password and a wrong content type', async () => {
    const { name } = await newPerson(system.server, 'ann');
    const answers = [
      await post(system.server, '/api/v1/auth/login', { username: name, password: 'wrong password' }),
      await post(system.server, '/api/v1/auth/login', { username: uniqueName('ghost'), password: PASSWORD }),
      await raw('/api/v1/auth/login', JSON.stringify({ username: name, password: PASSWORD }), 'text/plain'),
    ];
    for (const answer of answers) {
      expect([answer.status, await answer.text()]).toEqual([401, 'Not authenticated.']);
      expect(answer.headers.get('set-cookie')).toBeNull();
    }
  });

  it('gives no session to anybody who is not logged in, whatever they ask for', async () => {
    for (const path of ['/api/v1/auth/nothing', '/api/v1/auth/unregister', '/api/v1/push/inbox']) {
      const response = await post(system.server, path);
      expect(response.status).toBeGreaterThanOrEqual(400);
      expect(response.headers.get('set-cookie')).toBeNull();
    }
    const logout = await post(system.server, '/api/v1/auth/logout');
    expect([logout.status, await logout.text()]).toEqual([401, 'Logout failed.']);
  });

  it('sets a cookie that scripts cannot read, equal to the body of the login', async () => {
    const name = uniqueName('ann');
    await register({ username: name, password: PASSWORD });
    const login = await post(system.server, '/api/v1/auth/login', { username: name, password: PASSWORD });
    const session = await login.text();
    expect(session).toMatch(/^[A-Za-z0-9+/]{48}$/);
    expect(login.headers.get('content-type')).toMatch(/text\/plain;\s*charset=utf-8/i);
    expect(login.headers.get('set-cookie')).toBe(`SESSION=${session}; Path=/; HttpOnly; SameSite=Lax`);
  });
});
