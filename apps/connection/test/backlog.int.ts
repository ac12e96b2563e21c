import { channelId, Serial, seq, UNAVAILABLE_TEXT } from '@parley/protocol';
import { eventually } from '@parley/testing';
import { ConnectionFixture } from './connection-fixture.js';

/** As many messages may wait in any case. */
const ALWAYS = 3;
const refusal = { type: 'ERROR', messageType: 'WRITE_MESSAGE', message: UNAVAILABLE_TEXT.WRITE_MESSAGE };

/** Somebody who writes to a server on which many may wait if answers come fast enough for `waitMs`. */
async function writing(waitMs: number) {
  const server = await ConnectionFixture.start({ BACKLOG_MESSAGES: String(ALWAYS), BACKLOG_MS: String(waitMs) });
  const ann = await server.visitor();
  let serial = 0;
  return {
    server,
    wire: ann.wire,
    write: (count: number) => {
      for (let i = 0; i < count; i += 1) {
        const numbered = { serial: Serial.parse((serial += 1)), channelId: channelId(9) };
        ann.wire.send({ type: 'WRITE_MESSAGE', ...numbered, content: 'hi' });
      }
    },
    /** Waits until so many have been handed on, and answers them. */
    answer: async (count: number) => {
      await eventually(() => expect(server.relayed('WRITE')).toHaveLength(count));
      for (const { frame, origin } of server.relayed('WRITE')) {
        const ack = { type: 'WRITE_MESSAGE_ACK' as const, serial: frame.serial, messageSeqId: seq(1) };
        await server.answer(ann, ack, origin.request);
      }
      server.relay.length = 0;
      for (let i = 0; i < count; i += 1) await ann.wire.next('WRITE_MESSAGE_ACK');
    },
    [Symbol.asyncDispose]: async () => {
      await ann.wire[Symbol.asyncDispose]();
      await server[Symbol.asyncDispose]();
    },
  };
}

describe('messages that nobody answers', () => {
  it('are refused at once beyond those that may wait, and taken again when these have their answers', async () => {
    await using somebody = await writing(10);
    const { wire, write, answer } = somebody;
    write(ALWAYS + 20);
    // Long before one that was handed on is given up.
    for (let i = 0; i < 20; i += 1) expect(await wire.next('ERROR', undefined, 5_000)).toEqual(refusal);
    await answer(ALWAYS);
    write(1);
    await answer(1);
    expect(wire.take('ERROR')).toEqual([]);
  }, 60_000);

  it('may be more where answers are known to come fast', async () => {
    await using somebody = await writing(60_000);
    const { server, wire, write, answer } = somebody;
    await eventually(async () => {
      // How fast they come is looked at now and then.
      for (let i = 0; i < 5; i += 1) {
        write(1);
        await answer(1);
      }
      write(2 * ALWAYS);
      let refused = 0;
      await eventually(() => {
        refused += wire.take('ERROR').length;
        expect(refused + server.relayed('WRITE').length).toBe(2 * ALWAYS);
      });
      await answer(2 * ALWAYS - refused);
      expect(refused).toBe(0);
    });
  }, 60_000);
});
