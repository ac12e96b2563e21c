import { type PushNotification, pushIdOfMessage, pushIdOfRequest } from '@parley/contracts';
import { channelId, seq, userId } from '@parley/protocol';
import { pushesOf, withoutKnown } from './inbox.rules.js';

const [alice, bob] = [userId(1), userId(2)];
const message = (over: Partial<PushNotification> = {}): PushNotification => ({
  id: pushIdOfMessage(7, 3),
  request: 'r1',
  userIds: [alice, bob],
  frame: { type: 'NOTIFY_MESSAGE', channelId: channelId(7), messageSeqId: seq(3), username: 'carol', content: 'hello' },
  ...over,
});

describe('the pushes of a batch', () => {
  it('are one for each absent member', () => {
    expect(pushesOf([message()])).toEqual([
      {
        userId: alice,
        id: 'm-7-3',
        type: 'NOTIFY_MESSAGE',
        channelId: 7,
        messageSeqId: 3,
        username: 'carol',
        content: 'hello',
      },
      expect.objectContaining({ userId: bob, id: 'm-7-3' }),
    ]);
  });

  it('tell nobody twice when a record is repeated within the batch', () => {
    expect(pushesOf([message(), message({ request: 'r2' }), message({ userIds: [bob] })])).toHaveLength(2);
  });

  it('keep what a frame says and leave the rest empty', () => {
    const ask = message({
      id: pushIdOfRequest('r9', 'ASK_INVITE'),
      userIds: [bob],
      frame: { type: 'ASK_INVITE', username: 'alice' },
    });
    expect(pushesOf([ask])).toEqual([
      {
        userId: bob,
        id: ask.id,
        type: 'ASK_INVITE',
        channelId: null,
        messageSeqId: null,
        username: 'alice',
        content: null,
      },
    ]);
  });
});

describe('what is handed to the provider', () => {
  const pushes = pushesOf([message()]);

  it('is everything when the inbox holds nothing', () => expect(withoutKnown(pushes, [])).toEqual(pushes));

  it('is nothing when a batch is delivered again', () => expect(withoutKnown(pushes, pushes)).toEqual([]));

  it('is the same push of the person who does not have it yet', () =>
    expect(withoutKnown(pushes, [{ userId: alice, id: 'm-7-3' }])).toEqual([expect.objectContaining({ userId: bob })]));
});
