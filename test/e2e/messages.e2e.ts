import { ERROR_TEXT, LIMITS } from '@parley/protocol';
import {
  channelOf,
  type Connected,
  enter,
  eventually,
  nextSerial,
  roomOf,
  stage,
  WireClient,
  write,
} from '@parley/testing';

const { system, first, second, person } = await stage();

describe('two people in a channel', () => {
  it.each([
    ['on the same connection server', first, first],
    ['on different connection servers', first, second],
    ['through the load balancer', system.server, system.server],
  ])('see each other %s', async (_where, atA, atB) => {
    const [ann, bob] = [await person('ann', atA), await person('bob', atB)];
    const channelId = await roomOf(ann, bob);

    expect(await write(ann, channelId, 'hello')).toBe(1);
    expect(await bob.wire.next('NOTIFY_MESSAGE')).toEqual({
      type: 'NOTIFY_MESSAGE',
      channelId,
      messageSeqId: 1,
      username: ann.name,
      content: 'hello',
    });
    expect(await write(bob, channelId, 'hi 👋 안녕')).toBe(2);
    expect((await ann.wire.next('NOTIFY_MESSAGE')).content).toBe('hi 👋 안녕');
    expect(ann.wire.take('NOTIFY_MESSAGE')).toEqual([]);
  });
});

describe('acknowledgements', () => {
  it('reach a sender who has not entered the channel', async () => {
    const [ann, bob] = [await person('ann'), await person('bob')];
    const channelId = await channelOf(ann, bob);
    expect(await write(ann, channelId, 'from the lobby')).toBe(1);
  });

  it('repeat the first sequence for a retried frame, on any server', async () => {
    const [ann, bob] = [await person('ann', first), await person('bob', second)];
    const channelId = await roomOf(ann, bob);
    const elsewhere = await WireClient.connect(second, ann.session);
    const serial = nextSerial();
    const frame = { type: 'WRITE_MESSAGE', serial, channelId, content: 'once' };
    ann.wire.send(frame);
    ann.wire.send(frame);
    elsewhere.send(frame);
    const acks = [
      await ann.wire.next('WRITE_MESSAGE_ACK'),
      await ann.wire.next('WRITE_MESSAGE_ACK'),
      await elsewhere.next('WRITE_MESSAGE_ACK'),
    ];
    expect(acks).toEqual(acks.map(() => ({ type: 'WRITE_MESSAGE_ACK', serial, messageSeqId: 1 })));
    expect(await write(ann, channelId, 'next')).toBe(2);
    await bob.wire.next('NOTIFY_MESSAGE', (frame) => frame.messageSeqId === 2);
    expect(bob.wire.take('NOTIFY_MESSAGE')).toHaveLength(1);
    await elsewhere[Symbol.asyncDispose]();
  });

  it('carry a null serial back to a client that gave none', async () => {
    const ann = await person('ann');
    const channelId = await channelOf(ann, await person('bob'));
    ann.wire.send({ type: 'WRITE_MESSAGE', channelId, content: 'no serial' });
    expect(await ann.wire.next('WRITE_MESSAGE_ACK')).toMatchObject({ serial: null, messageSeqId: 1 });
  });
});

describe('order', () => {
  it('is one for all readers while several people write', async () => {
    const people = [
      await person('a', first),
      await person('b', second),
      await person('c', first),
      await person('d', second),
    ];
    const [a, ...others] = people as [Connected, ...Connected[]];
    const channelId = await roomOf(a, ...others);
    const each = 25;
    await Promise.all(
      people.map(async (sender, index) => {
        for (let i = 0; i < each; i += 1)
          sender.wire.send({ type: 'WRITE_MESSAGE', serial: nextSerial(), channelId, content: `${index}-${i}` });
        for (let i = 0; i < each; i += 1) await sender.wire.next('WRITE_MESSAGE_ACK');
      }),
    );
    const total = each * people.length;
    const { messages } = await a.wire.ask(
      { type: 'FETCH_MESSAGES_REQUEST', channelId, startMessageSeqId: 1, endMessageSeqId: total },
      'FETCH_MESSAGES_RESPONSE',
    );
    expect(messages.map((message) => message.messageSeqId)).toEqual(Array.from({ length: total }, (_, i) => i + 1));
    for (const reader of people) {
      await eventually(() =>
        expect(reader.wire.received.filter((text) => text.includes('NOTIFY_MESSAGE')).length).toBe(total - each),
      );
      const seen = reader.wire.take('NOTIFY_MESSAGE');
      expect(seen).toEqual(
        messages
          .filter((message) => message.username !== reader.name)
          .map((message) => ({ type: 'NOTIFY_MESSAGE', ...message })),
      );
    }
  });

  it('has no hole after a message that was refused', async () => {
    const [ann, bob] = [await person('ann'), await person('bob')];
    const channelId = await roomOf(ann, bob);
    expect(await write(ann, channelId, 'one')).toBe(1);
    const tooLong = 'x'.repeat(LIMITS.contentCharacters + 1);
    expect(
      await ann.wire.askError({ type: 'WRITE_MESSAGE', serial: nextSerial(), channelId, content: tooLong }),
    ).toMatch(/1000/);
    expect(await write(ann, channelId, 'x'.repeat(LIMITS.contentCharacters))).toBe(2);
    expect(await write(ann, channelId, '🙂'.repeat(LIMITS.contentCharacters))).toBe(3);
  });

  it('starts with a first message that is stored and told once', async () => {
    const [ann, bob] = [await person('ann'), await person('bob')];
    const channelId = await roomOf(ann, bob);
    await write(ann, channelId, 'first');
    await write(ann, channelId, 'second');
    await bob.wire.next('NOTIFY_MESSAGE', (frame) => frame.messageSeqId === 2);
    expect(bob.wire.take('NOTIFY_MESSAGE').map((frame) => frame.messageSeqId)).toEqual([1]);
    expect(ann.wire.take('WRITE_MESSAGE_ACK')).toEqual([]);
  });
});

describe('history', () => {
  it('answers a long range with its newest hundred, an inverted or future one with none', async () => {
    const ann = await person('ann');
    const channelId = await channelOf(ann, await person('bob'));
    for (let i = 1; i <= 120; i += 1)
      ann.wire.send({ type: 'WRITE_MESSAGE', serial: nextSerial(), channelId, content: `m${i}` });
    await ann.wire.next('WRITE_MESSAGE_ACK', (ack) => ack.messageSeqId === 120, 20_000);
    const fetch = async (startMessageSeqId: number, endMessageSeqId: number) =>
      (
        await ann.wire.ask(
          { type: 'FETCH_MESSAGES_REQUEST', channelId, startMessageSeqId, endMessageSeqId },
          'FETCH_MESSAGES_RESPONSE',
        )
      ).messages.map((message) => message.messageSeqId);
    const page = await fetch(1, 1_000_000);
    expect([page.length, page[0], page.at(-1)]).toEqual([100, 21, 120]);
    expect(await fetch(119, 500)).toEqual([119, 120]);
    expect(await fetch(0, 2)).toEqual([1, 2]);
    expect(await fetch(5, 4)).toEqual([]);
    expect(await fetch(121, 130)).toEqual([]);
  });

  it('is right at once after a write: entering reports the newest sequence', async () => {
    const [ann, bob] = [await person('ann', first), await person('bob', second)];
    const channelId = await channelOf(ann, bob);
    for (let i = 1; i <= 5; i += 1) {
      await write(ann, channelId, `m${i}`);
      expect(await enter(bob, channelId)).toMatchObject({ lastChannelMessageSeqId: i });
    }
  });

  it('remembers how far a member has read, which only goes forward', async () => {
    const [ann, bob] = [await person('ann'), await person('bob')];
    const channelId = await channelOf(ann, bob);
    for (const text of ['1', '2', '3']) await write(ann, channelId, text);
    bob.wire.send({ type: 'READ_MESSAGE_ACK', channelId, messageSeqId: 2 });
    expect(await enter(bob, channelId)).toMatchObject({ lastReadMessageSeqId: 2, lastChannelMessageSeqId: 3 });
    bob.wire.send({ type: 'READ_MESSAGE_ACK', channelId, messageSeqId: 1 });
    expect(await enter(bob, channelId)).toMatchObject({ lastReadMessageSeqId: 2 });
    bob.wire.send({ type: 'READ_MESSAGE_ACK', channelId, messageSeqId: 99 });
    expect(await enter(bob, channelId)).toMatchObject({ lastReadMessageSeqId: 3 });
    // Own writes count as read by who looks at the channel.
    expect(await enter(ann, channelId)).toMatchObject({ lastReadMessageSeqId: 0 });
    await write(ann, channelId, '4');
    expect(await enter(ann, channelId)).toMatchObject({ lastReadMessageSeqId: 4 });
  });
});

describe('membership', () => {
  it('is asked for on every write, read and fetch, also of channels that do not exist', async () => {
    const [ann, bob, eve] = [await person('ann'), await person('bob'), await person('eve')];
    const channelId = await roomOf(ann, bob);
    await write(ann, channelId, 'private');
    for (const id of [channelId, 4_000_000_000]) {
      const about = { channelId: id };
      expect(await eve.wire.askError({ type: 'WRITE_MESSAGE', serial: nextSerial(), content: 'x', ...about })).toBe(
        ERROR_TEXT.notJoined,
      );
      expect(
        await eve.wire.askError({ type: 'FETCH_MESSAGES_REQUEST', startMessageSeqId: 1, endMessageSeqId: 9, ...about }),
      ).toBe(ERROR_TEXT.notJoined);
      expect(await eve.wire.askError({ type: 'READ_MESSAGE_ACK', messageSeqId: 1, ...about })).toBe(
        ERROR_TEXT.notJoined,
      );
      expect(await eve.wire.askError({ type: 'ENTER_REQUEST', ...about })).toBe(ERROR_TEXT.notJoined);
      expect(await eve.wire.askError({ type: 'FETCH_CHANNEL_INVITECODE_REQUEST', ...about })).toBe(
        ERROR_TEXT.notJoinedTheChannel,
      );
      expect(await eve.wire.askError({ type: 'QUIT_REQUEST', ...about })).toBe(ERROR_TEXT.notJoined);
    }
    await bob.wire.next('NOTIFY_MESSAGE');
    await write(ann, channelId, 'still private');
    await bob.wire.next('NOTIFY_MESSAGE', (frame) => frame.messageSeqId === 2);
    await eve.wire.settle();
    expect(eve.wire.received.join()).not.toContain('private');
  });
});

describe('several devices of one user', () => {
  it('all see the channel they have entered, and closing one leaves the others alone', async () => {
    const [ann, bob] = [await person('ann', first), await person('bob', first)];
    const channelId = await roomOf(ann, bob);
    const [same, other] = [await WireClient.connect(first, bob.session), await WireClient.connect(second, bob.session)];
    for (const wire of [same, other]) await wire.ask({ type: 'ENTER_REQUEST', channelId }, 'ENTER_RESPONSE');
    await write(ann, channelId, 'to all of you');
    for (const wire of [bob.wire, same, other]) expect((await wire.next('NOTIFY_MESSAGE')).messageSeqId).toBe(1);
    await bob.wire[Symbol.asyncDispose]();
    await other[Symbol.asyncDispose]();
    await write(ann, channelId, 'and now');
    expect((await same.next('NOTIFY_MESSAGE')).messageSeqId).toBe(2);
    same.send({ type: 'WRITE_MESSAGE', serial: nextSerial(), channelId, content: 'from the other device' });
    expect((await ann.wire.next('NOTIFY_MESSAGE')).content).toBe('from the other device');
    await same[Symbol.asyncDispose]();
  });

  it("show the sender's own message on the device that did not write it", async () => {
    const [ann, bob] = [await person('ann', first), await person('bob', second)];
    const channelId = await roomOf(ann, bob);
    const tablet = await WireClient.connect(second, ann.session);
    await tablet.ask({ type: 'ENTER_REQUEST', channelId }, 'ENTER_RESPONSE');
    await write(ann, channelId, 'mine');
    expect(await tablet.next('NOTIFY_MESSAGE')).toMatchObject({ username: ann.name, content: 'mine' });
    await bob.wire.next('NOTIFY_MESSAGE');
    expect(ann.wire.take('NOTIFY_MESSAGE')).toEqual([]);
    await tablet[Symbol.asyncDispose]();
  });
});
