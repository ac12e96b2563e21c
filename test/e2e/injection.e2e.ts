import { ERROR_TEXT, PATHS } from '@parley/protocol';
import {
  get,
  befriend,
  channelOf,
  enter,
  eventually,
  guests,
  post,
  pushInbox,
  runningSystem,
  uniqueName,
  WireClient,
  write,
} from '@parley/testing';

const system = await runningSystem();
const [first, second] = system.connectionServers as [string, string];
const person = guests(system);
/** What breaks statements, pages, terminals, paths and formats, where it is taken for more than a text. */
const INJECTIONS = [
  "'; DROP TABLE message; --",
  "' OR '1'='1' -- ",
  "x'); DELETE FROM message_user WHERE ('1'='1",
  '" UNION SELECT password FROM message_user -- ',
  "\\'; SELECT SLEEP(5); --",
  '%_\\%\\_ ? ?? :name $1 ${name}',
  '<img src=x onerror="alert(1)"><script>alert(1)</script>',
  '{"type":"QUIT_REQUEST"}',
  '\u001b[31mred\u001b[0m\u0007\r\n\t',
  '../../../etc/passwd',
  '\u202Eright to left\u2066 and a null \u0000 inside',
  'EVAL "return 1" 0\r\nFLUSHALL\r\n',
];

describe('a text that would break a statement', () => {
  it('is a message like any other: stored, delivered, pushed and fetched as it was written', async () => {
    const [ann, bob, cat] = [await person('ann', first), await person('bob', second), await person('cat')];
    const channelId = await channelOf(ann, bob, cat);
    await enter(bob, channelId);
    for (const text of INJECTIONS) await write(ann, channelId, text);
    await eventually(() =>
      expect(bob.wire.received.filter((frame) => frame.includes('NOTIFY_MESSAGE'))).toHaveLength(INJECTIONS.length),
    );
    expect(bob.wire.take('NOTIFY_MESSAGE').map(({ content }) => content)).toEqual(INJECTIONS);
    expect((await system.storedMessages(channelId)).map(({ content }) => content)).toEqual(INJECTIONS);
    const range = { type: 'FETCH_MESSAGES_REQUEST', channelId, startMessageSeqId: 1, endMessageSeqId: 99 };
    const { messages } = await ann.wire.ask(range, 'FETCH_MESSAGES_RESPONSE');
    expect(messages.map(({ content }) => content)).toEqual(INJECTIONS);
    await eventually(async () => {
      const pushed = (await pushInbox(system.server, cat)).filter(({ type }) => type === 'NOTIFY_MESSAGE');
      expect(pushed).toHaveLength(INJECTIONS.length);
      expect(new Set(pushed.map(({ content }) => content))).toEqual(new Set(INJECTIONS));
    });
  });

  it('is the title of a channel as it was written, or refused as one', async () => {
    const [ann, bob] = [await person('ann'), await person('bob')];
    await befriend(ann, bob);
    for (const title of INJECTIONS.filter((text) => text.length <= 30)) {
      const frame = { type: 'CREATE_REQUEST', title, participantUsernames: [bob.name] };
      const created = await ann.wire.ask(frame, 'CREATE_RESPONSE');
      expect(created.title).toBe(title);
      const { channels } = await bob.wire.ask({ type: 'FETCH_CHANNELS_REQUEST' }, 'FETCH_CHANNELS_RESPONSE');
      expect(channels.find(({ channelId }) => channelId === created.channelId)?.title).toBe(title);
    }
  });

  it('finds nobody and nothing where a name or a code is asked for', async () => {
    const [ann, bob] = [await person('ann'), await person('bob')];
    const before = await system.rows(system.users, 'SELECT COUNT(*) AS users FROM message_user');
    for (const text of INJECTIONS) {
      expect(await ann.wire.askError({ type: 'INVITE_REQUEST', userInviteCode: text })).toBe(
        ERROR_TEXT.invalidInviteCode,
      );
      await ann.wire.askError({ type: 'JOIN_REQUEST', inviteCode: text });
      for (const type of ['ACCEPT_REQUEST', 'REJECT_REQUEST', 'DISCONNECT_REQUEST'])
        await ann.wire.askError({ type, username: text });
      await ann.wire.askError({ type: 'CREATE_REQUEST', title: 'room', participantUsernames: [text, bob.name] });
    }
    const after = await system.rows(system.users, 'SELECT COUNT(*) AS users FROM message_user');
    expect(Number(after[0]?.['users'])).toBeGreaterThanOrEqual(Number(before[0]?.['users']));
    await befriend(ann, bob);
  });

  it('is a password like any other, and no name', async () => {
    for (const text of INJECTIONS.slice(0, 6)) {
      const account = { username: uniqueName('inj'), password: text };
      expect((await post(system.server, PATHS.register, account)).status).toBe(200);
      expect((await post(system.server, PATHS.login, account)).status).toBe(200);
      const cut = { ...account, password: `${text.slice(0, -1)}~` };
      expect((await post(system.server, PATHS.login, cut)).status).toBe(401);
      const named = { username: text, password: 'correct horse' };
      expect((await post(system.server, PATHS.register, named)).status).toBe(400);
      expect((await post(system.server, PATHS.login, named)).status).toBe(401);
    }
  });

  it('opens nothing as a cookie or in a path', async () => {
    for (const text of INJECTIONS.map(encodeURIComponent)) {
      const inbox = await fetch(new URL(`${PATHS.pushInbox}?limit=${text}`, system.server), {
        headers: { connection: 'close', cookie: `SESSION=${text}` },
      });
      expect(inbox.status).toBe(401);
      await expect(WireClient.connect(system.server, text)).rejects.toThrow('401');
    }
    for (const path of ['/..%2f..%2fetc/passwd', '/%2e%2e/%2e%2e/etc/passwd', '/assets/..%2f..%2fpackage.json']) {
      expect(await (await get(system.server, path)).text()).not.toMatch(/root:|"workspaces"/);
    }
  });
});
