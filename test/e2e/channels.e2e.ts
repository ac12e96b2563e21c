import { ERROR_TEXT } from '@parley/protocol';
import { befriend, channelOf, type Connected, enter, nextSerial, roomOf, stage, write } from '@parley/testing';

const { first, second, person } = await stage();

const channelsOf = async (of: Connected) =>
  (await of.wire.ask({ type: 'FETCH_CHANNELS_REQUEST' }, 'FETCH_CHANNELS_RESPONSE')).channels;

const codeOf = async (member: Connected, channelId: number) =>
  (await member.wire.ask({ type: 'FETCH_CHANNEL_INVITECODE_REQUEST', channelId }, 'FETCH_CHANNEL_INVITECODE_RESPONSE'))
    .inviteCode;

describe('creating a channel', () => {
  it('tells creator and participants, and nobody has entered it yet', async () => {
    const [ann, bob] = [await person('ann'), await person('bob')];
    const channelId = await channelOf(ann, bob);
    expect(await channelsOf(ann)).toEqual([{ channelId, title: 'room', headCount: 2 }]);
    await write(ann, channelId, 'nobody is looking');
    await bob.wire.settle();
    expect(bob.wire.take('NOTIFY_MESSAGE')).toEqual([]);
  });

  it('refuses in the order of its checks', async () => {
    const [ann, bob, eve] = [await person('ann'), await person('bob'), await person('eve')];
    await befriend(ann, bob);
    const create = (title: string | null, ...participantUsernames: string[]) =>
      ann.wire.askError({ type: 'CREATE_REQUEST', title, participantUsernames });
    expect(await create('room', 'nobody-of-that-name')).toBe(ERROR_TEXT.notFound);
    expect(await create('', bob.name)).toBe(ERROR_TEXT.invalidArguments);
    expect(await create(null, bob.name)).toBe(ERROR_TEXT.invalidArguments);
    expect(await create('t'.repeat(31), bob.name)).toBe(ERROR_TEXT.invalidArguments);
    expect(await create('room', bob.name, eve.name)).toBe(ERROR_TEXT.unconnectedUsers);
    expect(await create('room', ann.name)).toBe(ERROR_TEXT.unconnectedUsers);
  });
});

describe('joining by invite code', () => {
  it('answers the joiner, updates every list at once, and delivers from the first message', async () => {
    const [ann, bob, cat] = [await person('ann', first), await person('bob', second), await person('cat', second)];
    const channelId = await roomOf(ann, bob);
    await write(ann, channelId, 'before');
    const inviteCode = await codeOf(bob, channelId);
    expect(inviteCode).toMatch(/^[0-9a-f]{32}$/);
    expect(await cat.wire.askError({ type: 'JOIN_REQUEST', inviteCode: 'f'.repeat(32) })).toBe(ERROR_TEXT.notFound);
    expect(await cat.wire.ask({ type: 'JOIN_REQUEST', inviteCode }, 'NOTIFY_JOIN')).toMatchObject({
      channelId,
      title: 'room',
    });
    expect(await cat.wire.askError({ type: 'JOIN_REQUEST', inviteCode })).toBe(ERROR_TEXT.alreadyJoined);
    for (const member of [ann, bob, cat])
      expect(await channelsOf(member)).toEqual([{ channelId, title: 'room', headCount: 3 }]);
    expect(await enter(cat, channelId)).toMatchObject({ lastReadMessageSeqId: 0, lastChannelMessageSeqId: 1 });
    await write(ann, channelId, 'welcome');
    expect((await cat.wire.next('NOTIFY_MESSAGE')).messageSeqId).toBe(2);
  });
});

describe('leaving and quitting', () => {
  it('leaves as often as one likes, and membership stays', async () => {
    const [ann, bob] = [await person('ann'), await person('bob')];
    const channelId = await roomOf(ann, bob);
    await bob.wire.ask({ type: 'LEAVE_REQUEST' }, 'LEAVE_RESPONSE');
    await bob.wire.ask({ type: 'LEAVE_REQUEST' }, 'LEAVE_RESPONSE');
    await write(ann, channelId, 'unseen');
    await bob.wire.settle();
    expect(bob.wire.take('NOTIFY_MESSAGE')).toEqual([]);
    expect(await enter(bob, channelId)).toMatchObject({ lastChannelMessageSeqId: 1 });
  });

  it('shows only the channel entered last', async () => {
    const [ann, bob] = [await person('ann'), await person('bob')];
    const one = await roomOf(ann, bob);
    const created = await ann.wire.ask(
      { type: 'CREATE_REQUEST', title: 'two', participantUsernames: [bob.name] },
      'CREATE_RESPONSE',
    );
    await bob.wire.next('NOTIFY_JOIN', (frame) => frame.channelId === created.channelId);
    await enter(bob, created.channelId);
    await write(ann, one, 'in the first');
    await write(ann, created.channelId, 'in the second');
    expect((await bob.wire.next('NOTIFY_MESSAGE')).content).toBe('in the second');
    await bob.wire.settle();
    expect(bob.wire.take('NOTIFY_MESSAGE')).toEqual([]);
  });

  it('ends a membership at once and wholly, and lets the member return and be invited again', async () => {
    const [ann, bob] = [await person('ann', first), await person('bob', second)];
    const channelId = await roomOf(ann, bob);
    const inviteCode = await codeOf(ann, channelId);
    await write(bob, channelId, 'I was here');
    await bob.wire.ask({ type: 'QUIT_REQUEST', channelId }, 'QUIT_RESPONSE');
    expect(await bob.wire.askError({ type: 'QUIT_REQUEST', channelId })).toBe(ERROR_TEXT.notJoined);
    expect(await bob.wire.askError({ type: 'FETCH_CHANNEL_INVITECODE_REQUEST', channelId })).toBe(
      ERROR_TEXT.notJoinedTheChannel,
    );
    expect(await bob.wire.askError({ type: 'WRITE_MESSAGE', serial: nextSerial(), channelId, content: 'still?' })).toBe(
      ERROR_TEXT.notJoined,
    );
    expect(await channelsOf(bob)).toEqual([]);
    expect(await channelsOf(ann)).toEqual([{ channelId, title: 'room', headCount: 1 }]);
    await write(ann, channelId, 'behind his back');
    await bob.wire.settle();
    expect(bob.wire.received.join()).not.toContain('behind his back');

    await bob.wire.ask({ type: 'JOIN_REQUEST', inviteCode }, 'NOTIFY_JOIN');
    await enter(bob, channelId);
    await write(ann, channelId, 'welcome back');
    expect((await bob.wire.next('NOTIFY_MESSAGE')).messageSeqId).toBe(3);
    expect(await channelsOf(ann)).toEqual([{ channelId, title: 'room', headCount: 2 }]);

    await ann.wire.ask({ type: 'DISCONNECT_REQUEST', username: bob.name }, 'DISCONNECT_RESPONSE');
    const create = { type: 'CREATE_REQUEST', title: 'another', participantUsernames: [bob.name] };
    expect(await ann.wire.askError(create)).toBe(ERROR_TEXT.unconnectedUsers);
    await befriend(ann, bob);
    const { channelId: another } = await ann.wire.ask(create, 'CREATE_RESPONSE');
    await bob.wire.next('NOTIFY_JOIN', (frame) => frame.channelId === another);
    expect(await channelsOf(bob)).toEqual([
      { channelId, title: 'room', headCount: 2 },
      { channelId: another, title: 'another', headCount: 2 },
    ]);
    await write(ann, channelId, 'still here?');
    expect((await bob.wire.next('NOTIFY_MESSAGE')).messageSeqId).toBe(4);
  });

  it('keeps a channel without members: its messages stay, nobody can reach it', async () => {
    const [ann, bob] = [await person('ann'), await person('bob')];
    const channelId = await roomOf(ann, bob);
    await write(ann, channelId, 'last words');
    const inviteCode = await codeOf(ann, channelId);
    for (const member of [ann, bob]) await member.wire.ask({ type: 'QUIT_REQUEST', channelId }, 'QUIT_RESPONSE');
    expect(await ann.wire.askError({ type: 'ENTER_REQUEST', channelId })).toBe(ERROR_TEXT.notJoined);
    await bob.wire.ask({ type: 'JOIN_REQUEST', inviteCode }, 'NOTIFY_JOIN');
    expect(await enter(bob, channelId)).toMatchObject({ lastChannelMessageSeqId: 1 });
  });
});
