import { CLOSE, ERROR_TEXT, PATHS, UNAVAILABLE_TEXT, UNKNOWN_TYPE } from '@parley/protocol';
import {
  befriend,
  channelOf,
  type Connected,
  enter,
  eventually,
  newPerson,
  nextSerial,
  PASSWORD,
  post,
  pushInbox,
  roomOf,
  stage,
  uniqueName,
  WireClient,
  write,
} from '@parley/testing';

const { system, first, second, person } = await stage();

const channelsOf = async (of: Connected) =>
  (await of.wire.ask({ type: 'FETCH_CHANNELS_REQUEST' }, 'FETCH_CHANNELS_RESPONSE')).channels;

describe('guessing a password', () => {
  const LIMIT = 20;
  const logInWith = (username: string, password: string) => post(system.server, PATHS.login, { username, password });

  it(`is over after ${LIMIT} failures in a minute, however the name is spelled, and says how long to wait`, async () => {
    const [ann, bob] = [await newPerson(system.server, 'ann'), await newPerson(system.server, 'bob')];
    // A window of one minute may end in between: then the count begins again, once.
    let refused: Response | undefined;
    let failures = 0;
    while (refused === undefined && failures <= 2 * LIMIT) {
      const name = failures % 2 === 0 ? ann.name : ann.name.toUpperCase();
      const answer = await logInWith(name, 'wrong password');
      if (answer.status === 429) refused = answer;
      else expect(answer.status).toBe(401);
      failures += refused === undefined ? 1 : 0;
    }
    expect(failures).toBeGreaterThanOrEqual(LIMIT);
    expect(await refused?.text()).toBe('Too many attempts.');
    const wait = Number(refused?.headers.get('retry-after'));
    expect(wait).toBeGreaterThanOrEqual(1);
    expect(wait).toBeLessThanOrEqual(60);
    expect((await logInWith(ann.name, PASSWORD)).status).toBe(429);
    expect((await logInWith(bob.name, PASSWORD)).status).toBe(200);
    // Whoever is in stays in.
    await using wire = await WireClient.connect(system.server, ann.session);
    await wire.settle();
  }, 60_000);

  it('is counted for names that do not exist as well: the answers tell nobody which ones do', async () => {
    const ghost = uniqueName('ghost');
    const answers = await Promise.all(
      Array.from({ length: 2 * LIMIT + 1 }, () => logInWith(ghost, 'any password').then(({ status }) => status)),
    );
    expect(new Set(answers)).toEqual(new Set([401, 429]));
  }, 60_000);
});

describe('a socket that floods', () => {
  it('is warned, then closed, while everybody else goes on', async () => {
    const [ann, bob, eve] = [await person('ann', first), await person('bob', first), await person('eve', first)];
    const channelId = await roomOf(ann, bob);
    for (let i = 0; i < 2_000; i += 1) eve.wire.send({ type: 'KEEP_ALIVE' });
    await write(ann, channelId, 'calmly');
    await bob.wire.next('NOTIFY_MESSAGE');
    const warning = await eve.wire.next('ERROR');
    expect(warning).toMatchObject({ messageType: 'UNKNOWN', message: ERROR_TEXT.tooManyFrames });
    expect(await eve.wire.untilClosed()).toEqual(CLOSE.flood);
    // It is the socket that is closed, not the person.
    await using again = await WireClient.connect(first, eve.session);
    await again.settle();
  });

  it('is not a reader who acknowledges every message of a busy channel', async () => {
    const writers = [await person('ann', first), await person('cat', first), await person('dan', second)];
    const [ann, ...others] = writers as [Connected, ...Connected[]];
    const bob = await person('bob', second);
    const channelId = await roomOf(ann, bob, ...others);
    // All of them together are more than one socket may send at once.
    const each = 250;
    const acknowledged = (async () => {
      for (let i = 1; i <= each * writers.length; i += 1) {
        await bob.wire.next('NOTIFY_MESSAGE', (frame) => frame.messageSeqId === i, 30_000);
        bob.wire.send({ type: 'READ_MESSAGE_ACK', channelId, messageSeqId: i });
      }
    })();
    for (const { wire } of writers)
      for (let i = 0; i < each; i += 1)
        wire.send({ type: 'WRITE_MESSAGE', serial: nextSerial(), channelId, content: `m${i}` });
    await acknowledged;
    await bob.wire.settle();
    expect(bob.wire.take('ERROR')).toEqual([]);
  }, 60_000);
});

describe('a reader that stops reading', () => {
  it('is closed, others go on, and what it missed is pushed and in the history', async () => {
    const [ann, bob, cat] = [await person('ann', second), await person('bob', first), await person('cat', first)];
    const channelId = await roomOf(ann, bob, cat);
    // A page of history is 400 kB on the wire: more of them than the system between the two ends can hold.
    const big = '🙂'.repeat(1_000);
    for (let i = 1; i <= 100; i += 1)
      ann.wire.send({ type: 'WRITE_MESSAGE', serial: nextSerial(), channelId, content: big });
    await ann.wire.next('WRITE_MESSAGE_ACK', (ack) => ack.messageSeqId === 100, 30_000);
    bob.wire.pause();
    for (let i = 0; i < 40; i += 1)
      bob.wire.send({ type: 'FETCH_MESSAGES_REQUEST', channelId, startMessageSeqId: 1, endMessageSeqId: 100 });

    // Cut off, he is no viewer any more: what is written then is pushed to him.
    const pushed = await eventually(async () => {
      await write(ann, channelId, 'are you there?');
      const found = (await pushInbox(system.server, bob)).find((entry) => entry.content === 'are you there?');
      if (!found?.messageSeqId) throw new Error('nothing has been pushed yet');
      return found.messageSeqId;
    }, 30_000);
    await cat.wire.next('NOTIFY_MESSAGE', (frame) => frame.messageSeqId === pushed);

    bob.wire.resume();
    const { code } = await bob.wire.untilClosed();
    // The word why is behind all that he has not read, and he is cut off when he does not take it in time.
    expect([CLOSE.slowConsumer.code, 1006]).toContain(code);

    await using again = await WireClient.connect(second, bob.session);
    const { lastChannelMessageSeqId: last } = await enter({ ...bob, wire: again }, channelId);
    const { messages } = await again.ask(
      { type: 'FETCH_MESSAGES_REQUEST', channelId, startMessageSeqId: last - 99, endMessageSeqId: last },
      'FETCH_MESSAGES_RESPONSE',
    );
    expect(messages.map((message) => message.messageSeqId)).toEqual(
      Array.from({ length: 100 }, (_, i) => last - 99 + i),
    );
    await write(ann, channelId, 'good to see you');
    expect((await again.next('NOTIFY_MESSAGE')).messageSeqId).toBe(last + 1);
  }, 90_000);
});

describe('the frames of one socket', () => {
  it('are carried out in the order in which they were sent', async () => {
    const [ann, bob] = [await person('ann', first), await person('bob', second)];
    const channelId = await roomOf(ann, bob);
    const serials = Array.from({ length: 200 }, () => nextSerial());
    for (const [i, serial] of serials.entries())
      ann.wire.send({ type: 'WRITE_MESSAGE', serial, channelId, content: `m${i + 1}` });
    ann.wire.send({ type: 'FETCH_MESSAGES_REQUEST', channelId, startMessageSeqId: 200, endMessageSeqId: 200 });
    ann.wire.send({ type: 'QUIT_REQUEST', channelId });
    ann.wire.send({ type: 'WRITE_MESSAGE', serial: nextSerial(), channelId, content: 'too late' });
    const refusal = await ann.wire.next('ERROR', undefined, 30_000);
    expect(refusal).toMatchObject({ messageType: 'WRITE_MESSAGE', message: ERROR_TEXT.notJoined });
    expect(ann.wire.take('WRITE_MESSAGE_ACK')).toEqual(
      serials.map((serial, i) => ({ type: 'WRITE_MESSAGE_ACK', serial, messageSeqId: i + 1 })),
    );
    const [fetched] = ann.wire.take('FETCH_MESSAGES_RESPONSE');
    expect(fetched?.messages.map(({ content }) => content)).toEqual(['m200']);
    expect(ann.wire.take('QUIT_RESPONSE')).toHaveLength(1);
  }, 60_000);

  it('may read and quit in one breath without an ERROR', async () => {
    const [ann, bob] = [await person('ann', first), await person('bob', first)];
    const channelId = await roomOf(ann, bob);
    await write(ann, channelId, 'last words');
    await bob.wire.next('NOTIFY_MESSAGE');
    bob.wire.send({ type: 'READ_MESSAGE_ACK', channelId, messageSeqId: 1 });
    bob.wire.send({ type: 'LEAVE_REQUEST' });
    await bob.wire.ask({ type: 'QUIT_REQUEST', channelId }, 'QUIT_RESPONSE');
    // The partition of the channel has worked off everything about it once somebody else is answered.
    await eventually(async () => expect(await channelsOf(ann)).toMatchObject([{ headCount: 1 }]));
    await write(ann, channelId, 'alone');
    await bob.wire.settle();
    expect(bob.wire.take('ERROR')).toEqual([]);
  });

  it('that enter several channels at once end in the one asked for last, whichever answer comes last', async () => {
    const [ann, bob] = [await person('ann', first), await person('bob', second)];
    const channels = [await channelOf(ann, bob)];
    for (const title of ['two', 'three']) {
      const frame = { type: 'CREATE_REQUEST', title, participantUsernames: [bob.name] };
      channels.push((await ann.wire.ask(frame, 'CREATE_RESPONSE')).channelId);
    }
    for (const channelId of channels) bob.wire.send({ type: 'ENTER_REQUEST', channelId });
    for (const channelId of channels) await bob.wire.next('ENTER_RESPONSE', (frame) => frame.channelId === channelId);
    for (const channelId of channels) await write(ann, channelId, `in ${channelId}`);
    expect((await bob.wire.next('NOTIFY_MESSAGE')).content).toBe(`in ${channels.at(-1)}`);
    await bob.wire.settle();
    expect(bob.wire.take('NOTIFY_MESSAGE')).toEqual([]);
  });
});

describe('a command during a stall of Kafka', () => {
  afterEach(async () => {
    await system.stack.process('kafka-1').resume();
    await system.recovered();
  }, 90_000);

  it('is answered with ERROR, and repeated afterwards it takes effect once', async () => {
    const [ann, bob] = [await person('ann', first), await person('bob', first)];
    await befriend(ann, bob);
    const kafka = system.stack.process('kafka-1');
    const frame = { type: 'CREATE_REQUEST', title: 'just one', participantUsernames: [bob.name] };
    await kafka.pause();
    ann.wire.send(frame);
    const error = await ann.wire.next('ERROR', (answer) => answer.messageType === 'CREATE_REQUEST', 20_000);
    expect(error.message).toBe(UNAVAILABLE_TEXT.CREATE_REQUEST);
    await kafka.resume();
    // Until everything has found Kafka again the answer may be the same ERROR.
    const created = await eventually(() => ann.wire.ask(frame, 'CREATE_RESPONSE'), 60_000);
    await ann.wire.settle();
    await bob.wire.settle();
    const channel = { channelId: created.channelId, title: 'just one', headCount: 2 };
    expect(await channelsOf(ann)).toEqual([channel]);
    expect(await channelsOf(bob)).toEqual([channel]);
    for (const repeated of ann.wire.take('CREATE_RESPONSE')) expect(repeated.channelId).toBe(created.channelId);
    for (const joined of bob.wire.take('NOTIFY_JOIN')) expect(joined.channelId).toBe(created.channelId);
  }, 150_000);

  it('is answered by the one writer of the socket: every answer whole, once, among all others', async () => {
    const [ann, bob] = [await person('ann', first), await person('bob', first)];
    const channelId = await roomOf(ann, bob);
    const kafka = system.stack.process('kafka-1');
    const serials = Array.from({ length: 50 }, nextSerial);
    await kafka.pause();
    for (const serial of serials) ann.wire.send({ type: 'WRITE_MESSAGE', serial, channelId, content: `${serial}` });
    // Answered by the server itself, all the time in which the writes fail.
    let misread = 0;
    const chatter = setInterval(() => {
      ann.wire.send({ type: 'NOT_A_FRAME', misread: (misread += 1) });
    }, 20);
    const failed = [];
    while (failed.length < serials.length) {
      failed.push(await ann.wire.next('ERROR', ({ messageType }) => messageType === 'WRITE_MESSAGE', 30_000));
    }
    clearInterval(chatter);
    for (let answered = 0; answered < misread; answered += 1) {
      await ann.wire.next('ERROR', ({ messageType }) => messageType === UNKNOWN_TYPE);
    }
    expect(ann.wire.take('ERROR')).toEqual([]);
    expect(ann.wire.closed).toBeUndefined();
    await kafka.resume();
    await eventually(() => ann.wire.settle(), 60_000);
    for (const serial of serials) expect(await write(ann, channelId, `${serial}`, serial)).toBeGreaterThan(0);
    expect(await system.storedMessages(channelId)).toHaveLength(serials.length);
  }, 150_000);
});
