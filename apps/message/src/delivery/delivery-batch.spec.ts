import {
  connectionNotification,
  type NotificationEntry,
  PRESENCE,
  pushIdOfRequest,
  pushNotification,
} from '@parley/contracts';
import { channelId, LIMITS, seq, userId } from '@parley/protocol';
import { PresenceMap } from '../presence/presence-map.js';
import { DeliveryBatch, type OutRecord } from './delivery-batch.js';

const room = channelId(7);
const [ann, bob, cat] = [userId(1), userId(2), userId(3)];
const origin = { userId: ann, username: 'ann', server: 's1', connection: 'a', request: 'r1' };
const message = (sequence: number, content = 'hi') => ({
  channelId: room,
  messageSeqId: seq(sequence),
  username: 'ann',
  content,
});

/** Each viewer is `[server, connection, user]`. */
function presenceOf(...viewers: [string, string, typeof ann][]): PresenceMap {
  const presence = new PresenceMap();
  for (const [server, connection, user] of viewers) {
    presence.apply(
      { kind: 'DELTA', server, boot: 'b', changed: [{ connection, userId: user, channelId: room }], closed: [] },
      0,
    );
  }
  return presence;
}

function gone(server: string): PresenceMap {
  const presence = presenceOf([server, 'x', ann]);
  presence.apply({ kind: 'GONE', server, boot: 'b' }, 0);
  return presence;
}

function entriesOf(record: OutRecord | undefined): NotificationEntry[] {
  const read = connectionNotification('any').decode(record?.value ?? '');
  return read.ok ? read.value.entries : [];
}

const pushOf = (record: OutRecord | undefined) => {
  const read = pushNotification.decode(record?.value ?? '');
  return read.ok ? read.value : undefined;
};

describe('DeliveryBatch', () => {
  it('makes one push of a message for all who turn up one after the other, and another one in the next batch', () => {
    const batch = new DeliveryBatch(new PresenceMap());
    for (const user of [ann, bob]) for (const n of [1, 2]) batch.pushMessage(message(n), '', [user]);
    expect(batch.take().map((record) => pushOf(record)?.userIds)).toEqual([
      [ann, bob],
      [ann, bob],
    ]);
    batch.pushMessage(message(1), '', [cat]);
    expect(batch.take().map((record) => pushOf(record)?.userIds)).toEqual([[cat]]);
  });

  it('makes one record per server, whatever the number of viewers, messages and answers', () => {
    const viewers = Array.from({ length: 50 }, (_, n): [string, string, typeof ann] => [
      n % 2 === 0 ? 's1' : 's2',
      `c${n}`,
      userId(10 + n),
    ]);
    const batch = new DeliveryBatch(presenceOf(...viewers));
    for (const n of [1, 2, 3]) {
      batch.answer(origin, { type: 'WRITE_MESSAGE_ACK', serial: null, messageSeqId: seq(n) });
      batch.message(message(n), origin, []);
    }
    const records = batch.take();
    expect(records.map(({ topic }) => topic)).toEqual(['connection-notification-s1', 'connection-notification-s2']);
    expect(entriesOf(records[0]).map(({ kind }) => kind)).toEqual(
      [1, 2, 3].flatMap(() => ['TO_CONNECTION', 'TO_CHANNEL']),
    );
    expect(entriesOf(records[1])).toHaveLength(3);
    expect(batch.take()).toEqual([]);
  });

  it('pushes a message once, to all who do not see it, with an id that a repetition has as well', () => {
    const tell = (): OutRecord[] => {
      const batch = new DeliveryBatch(presenceOf());
      batch.message(message(4), origin, [bob, cat]);
      return batch.take();
    };
    const [record, ...others] = tell();
    expect(others).toEqual([]);
    expect(record).toMatchObject({ topic: 'push-notification', key: 'channel-7' });
    expect(pushOf(record)).toEqual({
      id: 'm-7-4',
      request: 'r1',
      userIds: [bob, cat],
      frame: { type: 'NOTIFY_MESSAGE', ...message(4) },
    });
    expect(tell()).toEqual([record]);
  });

  it('splits what is too large for a record and keeps its order', () => {
    const batch = new DeliveryBatch(presenceOf(['s1', 'b', bob]));
    const long = '\u0001'.repeat(LIMITS.contentCharacters);
    for (let n = 1; n <= 800; n++) batch.message(message(n, long), origin, []);
    const records = batch.take();
    expect(records.length).toBeGreaterThan(4);
    expect(records.length).toBeLessThan(12);
    for (const { value } of records) expect(Buffer.byteLength(value)).toBeLessThan(900_000);
    const sequences = records
      .flatMap(entriesOf)
      .map((entry) => (entry.kind === 'TO_CHANNEL' ? entry.message.messageSeqId : 0));
    expect(sequences).toEqual(Array.from({ length: 800 }, (_, index) => index + 1));
  });

  it('still answers through a server that is only silent, because it may be out of touch rather than dead', () => {
    const presence = presenceOf(['s1', 'x', ann]);
    presence.expire(PRESENCE.deadAfterMs + 1);
    const batch = new DeliveryBatch(presence);
    batch.answer(origin, { type: 'WRITE_MESSAGE_ACK', serial: null, messageSeqId: seq(1) });
    batch.answer(origin, { type: 'QUIT_RESPONSE', channelId: room });
    const [told, pushed, ...others] = batch.take();
    expect(entriesOf(told)).toHaveLength(2);
    expect([pushOf(pushed)?.frame.type, others]).toEqual(['QUIT_RESPONSE', []]);
  });

  it('turns what a stopped server cannot deliver into a push, if it is worth one', () => {
    const batch = new DeliveryBatch(gone('s1'));
    batch.answer(origin, { type: 'QUIT_RESPONSE', channelId: room });
    batch.answer(origin, { type: 'WRITE_MESSAGE_ACK', serial: null, messageSeqId: seq(1) });
    const records = batch.take();
    expect(records).toHaveLength(1);
    expect(pushOf(records[0])).toMatchObject({ id: pushIdOfRequest('r1', 'QUIT_RESPONSE'), userIds: [ann] });
  });

  it('reaches all sockets of a user, one entry per server, or push', () => {
    const batch = new DeliveryBatch(presenceOf(['s1', 'a', ann], ['s1', 'a2', ann], ['s2', 'a3', ann]));
    const frame = { type: 'NOTIFY_ACCEPT', username: 'bob' } as const;
    batch.deliver('r', [
      { userId: ann, frame },
      { userId: bob, frame },
      { userId: cat, frame: { type: 'LEAVE_RESPONSE' } },
    ]);
    const records = batch.take();
    expect(records.map(({ topic }) => topic)).toEqual([
      'connection-notification-s1',
      'connection-notification-s2',
      'push-notification',
    ]);
    expect(records.slice(0, 2).flatMap(entriesOf)).toHaveLength(2);
    expect(pushOf(records[2])).toMatchObject({ id: pushIdOfRequest('r', 'NOTIFY_ACCEPT'), userIds: [bob] });
  });

  it('makes one notice per server, whoever is known to be there, in a record of its own, and no push', () => {
    const batch = new DeliveryBatch(presenceOf(['s1', 'a', ann], ['s1', 'b', bob], ['s2', 'c', cat]));
    const frame = { type: 'NOTIFY_MEMBER_QUIT', channelId: room, username: 'ann' } as const;
    batch.notify('r', { frame, except: 'a', userIds: [ann, bob] });
    batch.notify('r2', { frame, userIds: [] });
    batch.answer(origin, { type: 'QUIT_RESPONSE', channelId: room });
    const records = batch.take();
    expect(records.map(({ topic }) => topic)).toEqual([
      'connection-notification-s1',
      'connection-notification-s1',
      'connection-notification-s2',
    ]);
    expect(entriesOf(records[0]).map(({ kind }) => kind)).toEqual(['TO_CONNECTION']);
    for (const record of records.slice(1)) {
      expect(entriesOf(record)).toEqual([{ kind: 'NOTICE', request: 'r', frame, except: 'a', userIds: [ann, bob] }]);
    }
    expect(batch.take()).toEqual([]);
  });

  it('takes a former member out of the viewers, and tells only their servers', () => {
    const presence = presenceOf(['s1', 'a', ann], ['s2', 'b', bob]);
    const batch = new DeliveryBatch(presence);
    batch.memberGone(room, ann);
    batch.message(message(1), origin, []);
    const records = batch.take();
    expect(records.map(({ topic }) => topic)).toEqual(['connection-notification-s1', 'connection-notification-s2']);
    expect(entriesOf(records[0])).toEqual([{ kind: 'MEMBER_GONE', channelId: room, userId: ann }]);
    expect(presence.viewers(room).users.has(ann)).toBe(false);
  });
});
