import { CLOSE, type PushInboxEntry } from '@parley/protocol';
import { channelOf, enter, eventually, nextSerial, post, roomOf, stage, WireClient, write } from '@parley/testing';

const { system, first, second, person } = await stage();

async function inbox(of: { session: string }): Promise<PushInboxEntry[]> {
  const response = await fetch(new URL('/api/v1/push/inbox', system.server), {
    headers: { cookie: `SESSION=${of.session}` },
  });
  expect(response.status).toBe(200);
  return (await response.json()) as PushInboxEntry[];
}

const pushedTexts = async (of: { session: string }) =>
  (await inbox(of)).filter((entry) => entry.type === 'NOTIFY_MESSAGE').map((entry) => entry.content);

describe('push', () => {
  it('goes once to each member who does not look, and to nobody else', async () => {
    const [ann, bob, cat, dan] = [await person('ann'), await person('bob'), await person('cat'), await person('dan')];
    const channelId = await channelOf(ann, bob, cat, dan);
    await enter(bob, channelId);
    await dan.wire.ask({ type: 'QUIT_REQUEST', channelId }, 'QUIT_RESPONSE');
    await cat.wire[Symbol.asyncDispose]();
    await write(ann, channelId, 'who is there?');
    await bob.wire.next('NOTIFY_MESSAGE');
    await eventually(async () => expect(await pushedTexts(cat)).toEqual(['who is there?']));
    for (const other of [ann, bob, dan]) expect(await pushedTexts(other)).toEqual([]);
    const [entry] = await inbox(cat);
    expect(entry).toMatchObject({ type: 'NOTIFY_MESSAGE', channelId, messageSeqId: 1, username: ann.name });
  });

  it('tells who was invited or added while away', async () => {
    const [ann, bob] = [await person('ann'), await person('bob')];
    const code = (await bob.wire.ask({ type: 'FETCH_USER_INVITECODE_REQUEST' }, 'FETCH_USER_INVITECODE_RESPONSE'))
      .inviteCode;
    await bob.wire[Symbol.asyncDispose]();
    await eventually(async () => {
      // The closing of the socket is announced within moments; until then it counts as connected.
      ann.wire.send({ type: 'INVITE_REQUEST', userInviteCode: code });
      await ann.wire.settle();
      expect((await inbox(bob)).map((entry) => [entry.type, entry.username])).toEqual([['ASK_INVITE', ann.name]]);
    });
  });

  it('takes over for a viewer whose connection is cut in the middle of a talk', async () => {
    const [ann, bob] = [await person('ann'), await person('bob')];
    const channelId = await roomOf(ann, bob);
    await write(ann, channelId, 'seen');
    const { messageSeqId } = await bob.wire.next('NOTIFY_MESSAGE');
    bob.wire.send({ type: 'READ_MESSAGE_ACK', channelId, messageSeqId });
    await bob.wire.settle();
    bob.wire.cut();
    await write(ann, channelId, 'unseen');
    await eventually(async () => expect(await pushedTexts(bob)).toEqual(['unseen']));
  });
});

describe('what was missed', () => {
  it('is in the history when the reader comes back', async () => {
    const [ann, bob] = [await person('ann', first), await person('bob', first)];
    const channelId = await roomOf(ann, bob);
    await write(ann, channelId, 'one');
    await bob.wire.next('NOTIFY_MESSAGE');
    bob.wire.cut();
    for (const text of ['two', 'three']) await write(ann, channelId, text);
    const again = await WireClient.connect(second, bob.session);
    const entered = await again.ask({ type: 'ENTER_REQUEST', channelId }, 'ENTER_RESPONSE');
    expect(entered.lastChannelMessageSeqId).toBe(3);
    const { messages } = await again.ask(
      { type: 'FETCH_MESSAGES_REQUEST', channelId, startMessageSeqId: 2, endMessageSeqId: 3 },
      'FETCH_MESSAGES_RESPONSE',
    );
    expect(messages.map((message) => message.content)).toEqual(['two', 'three']);
    await write(ann, channelId, 'four');
    expect((await again.next('NOTIFY_MESSAGE')).messageSeqId).toBe(4);
    await again[Symbol.asyncDispose]();
  });
});

describe('a session that ends', () => {
  it('closes its sockets on every server within two seconds, and no others', async () => {
    const ann = await person('ann', first);
    const elsewhere = await WireClient.connect(second, ann.session);
    const login = await post(system.server, '/api/v1/auth/login', { username: ann.name, password: 'correct horse' });
    const otherSession = await WireClient.connect(first, await login.text());
    const out = await post(system.server, '/api/v1/auth/logout', undefined, ann.session);
    expect([out.status, await out.text()]).toEqual([200, 'Logout success.']);
    for (const wire of [ann.wire, elsewhere]) expect(await wire.untilClosed(2_000)).toEqual(CLOSE.sessionEnded);
    await otherSession.settle();
    await otherSession[Symbol.asyncDispose]();
  });
});

describe('the loss of Redis data', () => {
  it('ends sessions at most: sequences go on, and whoever is connected still hears everything', async () => {
    const [ann, bob] = [await person('ann', first), await person('bob', second)];
    const channelId = await roomOf(ann, bob);
    await write(ann, channelId, 'before');
    await system.flushRedis();
    expect(await write(ann, channelId, 'after')).toBe(2);
    await bob.wire.next('NOTIFY_MESSAGE', (frame) => frame.messageSeqId === 2);
    const late = await person('late', first);
    expect(await late.wire.askError({ type: 'WRITE_MESSAGE', serial: nextSerial(), channelId, content: 'x' })).toBe(
      'Not joined.',
    );
  });
});
