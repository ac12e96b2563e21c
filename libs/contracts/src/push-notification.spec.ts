import { ServerFrame } from '@parley/protocol';
import { isPushed, PushNotification, pushIdOfMessage, pushIdOfRequest } from './push-notification.js';

describe('the id of a push', () => {
  it('of a message is its place, so that every way to announce it is the same push', () => {
    expect(pushIdOfMessage(2, 13)).toBe('m-2-13');
  });

  it('of an answer is the same for the same request and frame only', () => {
    const [one, again, otherFrame, otherRequest] = [
      pushIdOfRequest('1-b-1', 'ASK_INVITE'),
      pushIdOfRequest('1-b-1', 'ASK_INVITE'),
      pushIdOfRequest('1-b-1', 'NOTIFY_ACCEPT'),
      pushIdOfRequest('1-b-2', 'ASK_INVITE'),
    ];
    expect(again).toBe(one);
    expect(new Set([one, otherFrame, otherRequest]).size).toBe(3);
  });

  it('fits its field however long its parts are', () => {
    const ids = [
      pushIdOfMessage(Number.MAX_SAFE_INTEGER, Number.MAX_SAFE_INTEGER),
      pushIdOfRequest('r'.repeat(200), 'ASK_INVITE'),
    ];
    for (const id of ids) expect(PushNotification.shape.id.safeParse(id).success).toBe(true);
  });
});

it('what changes something between people is pushed, what was only looked up is not', () => {
  const types = ServerFrame.options.map(({ shape }) => shape.type.value);
  expect(types.filter(isPushed).toSorted()).toEqual([
    'ACCEPT_RESPONSE',
    'ASK_INVITE',
    'CREATE_RESPONSE',
    'DISCONNECT_RESPONSE',
    'INVITE_RESPONSE',
    'NOTIFY_ACCEPT',
    'NOTIFY_JOIN',
    'NOTIFY_MESSAGE',
    'QUIT_RESPONSE',
    'REJECT_RESPONSE',
  ]);
});
