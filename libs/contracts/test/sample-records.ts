import {
  connectionControl,
  connectionNotification,
  connectionPresence,
  messageRelay,
  messageRequest,
  pushNotification,
  type Topic,
} from '../src/index.js';

/** A record as it lies in Kafka, with the key it must have. */
export interface SampleRecord {
  readonly topic: string;
  readonly name: string;
  readonly text: string;
  readonly key: string | null;
  /** What the topic's contract makes of a value, or why it cannot. */
  readonly read: (value: Uint8Array | string) => Reading;
}

export type Reading =
  | { readonly ok: true; readonly record: unknown; readonly key: string | null; readonly written: string }
  | { readonly ok: false; readonly reason: string };

const reader =
  <R>(topic: Topic<R>) =>
  (value: Uint8Array | string): Reading => {
    const record = topic.decode(value);
    if (!record.ok) return { ok: false, reason: record.error };
    return { ok: true, record: record.value, key: topic.key(record.value), written: topic.encode(record.value) };
  };

type Sample = readonly [name: string, key: string | null, text: string];

const samplesOf = <R>(topic: Topic<R>, samples: readonly Sample[]): SampleRecord[] =>
  samples.map(([name, key, text]) => ({ topic: topic.name, name, key, text, read: reader(topic) }));

const ORIGIN = '"origin":{"userId":7,"username":"ann","server":"1","connection":"1-b00t-3","request":"1-b00t-f"}';
const HELLO = '{"channelId":2,"messageSeqId":13,"username":"bob","content":"hello"}';

const command = (type: string, fields = ''): string =>
  `{"kind":"COMMAND",${ORIGIN},"frame":{"type":"${type}"${fields}}}`;
const channelCommand = (type: string, fields = ''): string =>
  `{"kind":"COMMAND","channelId":2,${ORIGIN},"frame":{"type":"${type}"${fields}}}`;

/** At least one record of every kind, exactly as a service of this version writes it. */
export const sampleRecords: readonly SampleRecord[] = [
  ...samplesOf(messageRequest, [
    ['own invite code', '7', command('FETCH_USER_INVITECODE_REQUEST')],
    ['contacts', '7', command('FETCH_CONNECTIONS_REQUEST', ',"status":"PENDING"')],
    ['invite', '7', command('INVITE_REQUEST', ',"userInviteCode":"7cae047c028d44288fd2a13900d51f14"')],
    ['accept', '7', command('ACCEPT_REQUEST', ',"username":"bob"')],
    ['reject', '7', command('REJECT_REQUEST', ',"username":"bob"')],
    ['disconnect', '7', command('DISCONNECT_REQUEST', ',"username":"bob"')],
    ['channels', '7', command('FETCH_CHANNELS_REQUEST')],
    ['create', '7', command('CREATE_REQUEST', ',"title":"room","participantUsernames":["bob"]')],
    ['join', '7', command('JOIN_REQUEST', ',"inviteCode":"49a83a862b0a422f995bab3f1a31e191"')],
    ['leave without having entered', '7', command('LEAVE_REQUEST')],
    ['unregistered', '9', '{"kind":"USER_UNREGISTERED","userId":9,"username":"cat"}'],
  ]),
  ...samplesOf(messageRelay, [
    [
      'write',
      '2',
      `{"kind":"WRITE","channelId":2,${ORIGIN},"once":5,"frame":{"type":"WRITE_MESSAGE","serial":5,"channelId":2,"content":"hi"}}`,
    ],
    [
      'write without a serial',
      '2',
      `{"kind":"WRITE","channelId":2,${ORIGIN},"once":-81,"frame":{"type":"WRITE_MESSAGE","serial":null,"channelId":2,"content":"hi"}}`,
    ],
    ['enter', '2', channelCommand('ENTER_REQUEST', ',"channelId":2')],
    ['leave', '2', channelCommand('LEAVE_REQUEST')],
    ['quit', '2', channelCommand('QUIT_REQUEST', ',"channelId":2')],
    ['invite code of a channel', '2', channelCommand('FETCH_CHANNEL_INVITECODE_REQUEST', ',"channelId":2')],
    [
      'history',
      '2',
      channelCommand('FETCH_MESSAGES_REQUEST', ',"channelId":2,"startMessageSeqId":3,"endMessageSeqId":12'),
    ],
    [
      'reads',
      '2',
      '{"kind":"READS","channelId":2,"server":"1","positions":[{"userId":7,"connection":"1-b00t-3","seq":12}]}',
    ],
    [
      'members changed',
      '2',
      '{"kind":"MEMBERS_CHANGED","channelId":2,"request":"1-b00t-f","joined":[7],"gone":[],"deliveries":[{"userId":7,"only":{"server":"1","connection":"1-b00t-3"},"frame":{"type":"NOTIFY_JOIN","channelId":2,"title":"room"}},{"userId":8,"frame":{"type":"NOTIFY_JOIN","channelId":2,"title":"room"}}]}',
    ],
    [
      'members changed, and the others hear of it',
      '2',
      '{"kind":"MEMBERS_CHANGED","channelId":2,"request":"1-b00t-f","joined":[7],"gone":[],"deliveries":[],"notice":{"frame":{"type":"NOTIFY_MEMBER_JOIN","channelId":2,"username":"ann"},"except":"1-b00t-3"}}',
    ],
    [
      'viewer left',
      '2',
      '{"kind":"VIEWER_LEFT","channelId":2,"userId":7,"server":"1","connection":"1-b00t-3","seen":12}',
    ],
    ['replay', '2', '{"kind":"REPLAY","channelId":2,"server":"1","after":12}'],
  ]),
  ...samplesOf(connectionNotification('1'), [
    ['nothing', null, '{"entries":[]}'],
    [
      'every kind of entry',
      null,
      `{"entries":[${[
        '{"kind":"TO_CONNECTION","connection":"1-b00t-3","userId":7,"request":"1-b00t-f","frame":{"type":"WRITE_MESSAGE_ACK","serial":5,"messageSeqId":13}}',
        '{"kind":"TO_USER","userId":7,"request":"1-b00t-f","frame":{"type":"ASK_INVITE","username":"bob"}}',
        `{"kind":"TO_CHANNEL","message":${HELLO},"request":"1-b00t-f","except":"1-b00t-3"}`,
        `{"kind":"REPLAYED","channelId":2,"messages":[${HELLO}],"last":13}`,
        '{"kind":"MEMBER_GONE","channelId":2,"userId":7}',
        '{"kind":"NOTICE","request":"1-b00t-f","frame":{"type":"NOTIFY_REJECT","username":"bob"},"userIds":[7,8]}',
      ].join()}]}`,
    ],
  ]),
  ...samplesOf(connectionPresence, [
    [
      'snapshot',
      '1',
      '{"kind":"SNAPSHOT","server":"1","boot":"b00t","part":{"snapshot":1,"index":0,"last":true},"connections":[{"connection":"1-b00t-3","userId":7,"channelId":2},{"connection":"1-b00t-4","userId":8}],"cursors":[[2,13]]}',
    ],
    [
      'last part of a snapshot',
      '1',
      '{"kind":"SNAPSHOT","server":"1","boot":"b00t","part":{"snapshot":7,"index":2,"last":true},"connections":[],"cursors":[]}',
    ],
    [
      'delta',
      '1',
      '{"kind":"DELTA","server":"1","boot":"b00t","changed":[{"connection":"1-b00t-3","userId":7}],"closed":["1-b00t-2"]}',
    ],
    ['sign of life', '1', '{"kind":"DELTA","server":"1","boot":"b00t","changed":[],"closed":[]}'],
    ['gone', '1', '{"kind":"GONE","server":"1","boot":"b00t"}'],
  ]),
  ...samplesOf(connectionControl, [
    ['session ended', null, '{"kind":"SESSION_ENDED","session":"9f86d081884c7d65"}'],
    ['snapshot wanted', null, '{"kind":"SNAPSHOT_WANTED"}'],
  ]),
  ...samplesOf(pushNotification, [
    [
      'a message',
      'channel-2',
      '{"id":"m-2-13","request":"1-b00t-f","userIds":[8,9],"frame":{"type":"NOTIFY_MESSAGE","channelId":2,"messageSeqId":13,"username":"bob","content":"hello"}}',
    ],
    [
      'an invitation',
      'user-8',
      '{"id":"a","request":"1-b00t-f","userIds":[8],"frame":{"type":"ASK_INVITE","username":"ann"}}',
    ],
  ]),
];
