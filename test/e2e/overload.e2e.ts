import { UNAVAILABLE_TEXT } from '@parley/protocol';
import { enter, nextSerial, roomOf, stage, WireClient, write } from '@parley/testing';

const { system, second, person } = await stage();

afterEach(async () => {
  for (const message of system.processes('message')) await message.resume();
});

describe('more messages than the system takes', () => {
  it('are refused at once, can be sent again, and those that were taken are stored', async () => {
    const allowed = 5;
    const limits = { BACKLOG_MESSAGES: String(allowed), BACKLOG_MS: '10' };
    const connection = await system.stack.startService('connection', 'overloaded', limits);
    try {
      const [guest, bob] = [await person('ann'), await person('bob', second)];
      const channelId = await roomOf(guest, bob);
      await using wire = await WireClient.connect(connection.url, guest.session);
      const ann = { ...guest, wire };
      await enter(ann, channelId);

      for (const message of system.processes('message')) await message.pause();
      const contents = new Map(Array.from({ length: 30 }, (_, index) => [nextSerial(), `message ${index}`]));
      for (const [serial, content] of contents) wire.send({ type: 'WRITE_MESSAGE', serial, channelId, content });
      const refusal = { messageType: 'WRITE_MESSAGE', message: UNAVAILABLE_TEXT.WRITE_MESSAGE };
      // Long before one that was taken is given up.
      for (let i = allowed; i < contents.size; i += 1)
        expect(await wire.next('ERROR', undefined, 5_000)).toMatchObject(refusal);
      for (const message of system.processes('message')) await message.resume();

      const stored = [];
      for (let i = 0; i < allowed; i += 1) {
        const { serial, messageSeqId } = await wire.next('WRITE_MESSAGE_ACK', undefined, 20_000);
        stored.push({ seq: messageSeqId, content: contents.get(Number(serial)) });
        contents.delete(Number(serial));
      }
      for (const [serial, content] of contents)
        stored.push({ seq: await write(ann, channelId, content, serial), content });
      expect(wire.take('ERROR')).toEqual([]);
      expect(await system.storedMessages(channelId)).toEqual(stored);
      await bob.wire.next('NOTIFY_MESSAGE', ({ messageSeqId }) => messageSeqId === stored.length);
    } finally {
      await connection.stop();
    }
  }, 90_000);
});
