import { channelId, type ServerFrame, seq, type Serial, UNAVAILABLE_TEXT } from '@parley/protocol';
import { ManualClock, settled } from '../test/manual-clock.js';
import { RequestError } from './errors.js';
import { Outbox, type OutboxOptions, type WriteFrame } from './outbox.js';
import { Serials } from './serials.js';

function setUp(over: Partial<OutboxOptions> = {}) {
  const clock = new ManualClock();
  const sent: WriteFrame[] = [];
  const outbox = new Outbox({
    clock,
    transmit: (frame) => sent.push(frame) > 0,
    ackTimeoutMs: 3000,
    onUnanswered: () => undefined,
    attempts: 4,
    giveUpMs: Infinity,
    window: 1,
    ...over,
  });
  const serials = new Serials(clock, () => 0.5);
  const write = (content: string): WriteFrame => ({
    type: 'WRITE_MESSAGE',
    serial: serials.next(),
    channelId: channelId(1),
    content,
  });
  /** `pending`, or how the promise ended. */
  const outcome = async (promise: Promise<unknown>): Promise<string> => {
    const ended = promise.then(
      () => 'stored',
      (error: unknown) => (error instanceof RequestError ? `${error.failure}: ${error.message}` : 'other'),
    );
    await settled();
    return Promise.race([ended, Promise.resolve('pending')]);
  };
  /** A message that was sent as often as it is, and has had no answer. */
  const givenUp = async (content: string): Promise<WriteFrame> => {
    const frame = write(content);
    const [[ended]] = await Promise.all([Promise.allSettled([outbox.send(frame)]), clock.pass(12_000)]);
    expect(ended).toMatchObject({ reason: { failure: 'timeout' } });
    return frame;
  };
  return { clock, outbox, sent, write, outcome, givenUp };
}

describe('outbox', () => {
  it('resolves with the sequence of the ack', async () => {
    const { outbox, write } = setUp();
    outbox.online();
    const frame = write('hi');
    const sent = outbox.send(frame);
    outbox.acked(frame.serial, seq(7));
    expect(await sent).toEqual({ serial: frame.serial, channelId: 1, seq: 7 });
  });

  it('sends the identical frame 3 more times, 3 s apart, and then gives up', async () => {
    const { clock, outbox, sent, write, outcome } = setUp();
    outbox.online();
    const frame = write('hi');
    const promise = outbox.send(frame);
    const failed = outcome(promise);
    await clock.pass(2999);
    expect(sent).toHaveLength(1);
    await clock.pass(9000);
    expect(sent).toEqual([frame, frame, frame, frame]);
    await clock.pass(1);
    await failed;
    expect(await outcome(promise)).toBe('timeout: Send message failed.');
  });

  it('does not send again what was acknowledged', async () => {
    const { clock, outbox, sent, write } = setUp();
    outbox.online();
    const frame = write('hi');
    const promise = outbox.send(frame);
    await clock.pass(3000);
    outbox.acked(frame.serial, seq(1));
    await promise;
    await clock.pass(60_000);
    expect(sent).toHaveLength(2);
  });

  it('waits without a connection as long as it takes, and counts attempts anew afterwards', async () => {
    const { clock, outbox, sent, write, outcome } = setUp();
    const promise = outbox.send(write('hi'));
    await clock.pass(3_600_000);
    expect(sent).toHaveLength(0);
    outbox.online();
    await clock.pass(9000);
    expect(sent).toHaveLength(4);
    outbox.offline();
    await clock.pass(60_000);
    outbox.online();
    expect(sent).toHaveLength(5);
    expect(await outcome(promise)).toBe('pending');
  });

  it('keeps the order of messages: the next one goes out when the last one is stored', async () => {
    const { outbox, sent, write } = setUp();
    outbox.online();
    const [first, second] = [write('one'), write('two')];
    void outbox.send(first);
    void outbox.send(second);
    expect(sent).toEqual([first]);
    outbox.acked(first.serial, seq(1));
    expect(sent).toEqual([first, second]);
    outbox.acked(second.serial, seq(2));
  });

  it('has several messages under way when told so', () => {
    const { outbox, sent, write } = setUp({ window: 2 });
    outbox.online();
    for (const content of ['one', 'two', 'three']) void outbox.send(write(content));
    expect(sent.map(({ content }) => content)).toEqual(['one', 'two']);
  });

  it('fails at once when the server refuses, and goes on with the next message', async () => {
    const { outbox, sent, write, outcome } = setUp();
    outbox.online();
    const refused = outcome(outbox.send(write('one')));
    void outbox.send(write('two'));
    expect(outbox.refused('Not joined.')).toBe(true);
    expect(await refused).toBe('refused: Not joined.');
    expect(sent.at(-1)?.content).toBe('two');
  });

  it('tries again after an ERROR that says nothing of the message', async () => {
    const { clock, outbox, sent, write, outcome } = setUp();
    outbox.online();
    const promise = outbox.send(write('one'));
    expect(outbox.refused(UNAVAILABLE_TEXT.WRITE_MESSAGE)).toBe(true);
    expect(await outcome(promise)).toBe('pending');
    await clock.pass(3000);
    expect(sent).toHaveLength(2);
  });

  it('has one promise for one serial', () => {
    const { outbox, write } = setUp();
    const frame = write('hi');
    expect(outbox.send(frame)).toBe(outbox.send(frame));
    expect(outbox.size).toBe(1);
  });

  it('still knows a message whose ack comes after it was given up', async () => {
    const { outbox, givenUp } = setUp();
    outbox.online();
    const frame = await givenUp('hi');
    expect(outbox.acked(frame.serial, seq(3))).toEqual(frame);
    expect(outbox.acked(frame.serial, seq(3))).toBeUndefined();
  });

  it('takes the late ERRORs about a message that was given up', async () => {
    const { outbox, givenUp } = setUp();
    outbox.online();
    await givenUp('hi');
    const errors = [UNAVAILABLE_TEXT.WRITE_MESSAGE, 'no', 'no', 'no', 'no', 'no'];
    expect(errors.map((text) => outbox.refused(text))).toEqual([true, true, true, true, true, false]);
  });

  describe('does not take an ERROR about an earlier message for one about the next', () => {
    it('when the earlier one was sent twice and is refused twice', async () => {
      const { clock, outbox, write, outcome } = setUp();
      outbox.online();
      const [one, two] = [write('one'), write('two')];
      const first = outbox.send(one);
      await clock.pass(3000);
      const stored = outbox.send(two);
      expect([outbox.refused('Not joined.'), outbox.refused('Not joined.')]).toEqual([true, true]);
      outbox.acked(two.serial, seq(1));
      expect([await outcome(first), (await stored).seq]).toEqual(['refused: Not joined.', 1]);
    });

    it('when the earlier one was given up, whatever has come in between', async () => {
      const { clock, outbox, write, outcome } = setUp();
      outbox.online();
      const failed = outcome(outbox.send(write('one')));
      outbox.refused(UNAVAILABLE_TEXT.WRITE_MESSAGE);
      await clock.pass(12_000);
      await failed;
      const next = outbox.send(write('two'));
      outbox.refused(UNAVAILABLE_TEXT.WRITE_MESSAGE);
      for (let answers = 0; answers < 4; answers += 1) outbox.refused('Not joined.');
      expect(await outcome(next)).toBe('pending');
      outbox.refused('Not joined.');
      expect(await outcome(next)).toBe('refused: Not joined.');
    });

    it('but one about the same message, which is sent anew', async () => {
      const { outbox, write, outcome, givenUp } = setUp();
      outbox.online();
      const frame = await givenUp('one');
      const again = outcome(outbox.send(frame));
      outbox.refused('Not joined.');
      const next = outbox.send(write('two'));
      for (let answers = 0; answers < 4; answers += 1) outbox.refused('Not joined.');
      expect([await again, await outcome(next)]).toEqual(['refused: Not joined.', 'pending']);
    });

    it('but on a new socket, where those do not come any more', async () => {
      const { outbox, write, outcome, givenUp } = setUp();
      outbox.online();
      await givenUp('one');
      outbox.offline();
      outbox.online();
      const refused = outcome(outbox.send(write('two')));
      outbox.refused('Not joined.');
      expect(await refused).toBe('refused: Not joined.');
    });
  });

  it('gives up without a connection when there is a limit', async () => {
    const { clock, outbox, write, outcome } = setUp({ giveUpMs: 30_000 });
    const promise = outbox.send(write('hi'));
    const failed = outcome(promise);
    await clock.pass(30_000);
    await failed;
    expect(await outcome(promise)).toBe('timeout: Send message failed.');
  });

  it('ignores acks of messages it does not know', () => {
    const ack: ServerFrame = { type: 'WRITE_MESSAGE_ACK', serial: 5 as Serial, messageSeqId: seq(1) };
    expect(setUp().outbox.acked(ack.serial ?? (0 as Serial), ack.messageSeqId)).toBeUndefined();
  });

  it('takes no ERROR for its own while nothing is under way', () => {
    const { outbox, write } = setUp();
    const waiting = outbox.send(write('hi'));
    waiting.catch(() => undefined);
    expect(outbox.refused('no')).toBe(false);
    outbox.failAll('closed');
  });

  it('waits for the next connection when this one turns out to be gone', async () => {
    let isUp = false;
    const sent: WriteFrame[] = [];
    const { outbox, write } = setUp({ transmit: (frame) => isUp && sent.push(frame) > 0 });
    outbox.online();
    const frame = write('hi');
    const promise = outbox.send(frame);
    expect(sent).toEqual([]);
    isUp = true;
    outbox.online();
    outbox.acked(frame.serial, seq(1));
    expect((await promise).seq).toBe(1);
  });

  it('forgets the oldest of a hundred messages that were given up', () => {
    const { outbox, write } = setUp();
    const frames = Array.from({ length: 101 }, () => write('hi'));
    for (const frame of frames) outbox.send(frame).catch(() => undefined);
    outbox.failAll('closed');
    const [first, second] = frames;
    expect([first, second].map((frame) => frame && outbox.acked(frame.serial, seq(1)))).toEqual([undefined, second]);
  });
});
