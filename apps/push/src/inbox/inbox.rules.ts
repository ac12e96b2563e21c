import type { PushNotification } from '@parley/contracts';
import type { ChannelId, Seq, ServerFrame, UserId } from '@parley/protocol';

/** What one person is told once. */
export interface Push {
  readonly userId: UserId;
  /** The same for every repetition of the same push. */
  readonly id: string;
  /** Type of the frame that no socket showed. */
  readonly type: ServerFrame['type'];
  readonly channelId: ChannelId | null;
  readonly messageSeqId: Seq | null;
  readonly username: string | null;
  readonly content: string | null;
}

/** One entry per person and push, in the order they were announced; repetitions within the batch are left out. */
export function pushesOf(notifications: readonly PushNotification[]): Push[] {
  const pushes = new Map<string, Push>();
  for (const { id, userIds, frame } of notifications) {
    for (const userId of userIds) {
      const push = { userId, id, ...aboutFrame(frame) };
      if (!pushes.has(identity(push))) pushes.set(identity(push), push);
    }
  }
  return [...pushes.values()];
}

/** Those that the inbox does not hold yet: only they are handed to the provider. */
export function withoutKnown(pushes: readonly Push[], known: readonly Pick<Push, 'userId' | 'id'>[]): Push[] {
  const identities = new Set(known.map(identity));
  return pushes.filter((push) => !identities.has(identity(push)));
}

const identity = ({ userId, id }: Pick<Push, 'userId' | 'id'>): string => `${userId} ${id}`;

function aboutFrame(frame: ServerFrame): Omit<Push, 'userId' | 'id'> {
  return {
    type: frame.type,
    channelId: 'channelId' in frame ? frame.channelId : null,
    messageSeqId: 'messageSeqId' in frame ? frame.messageSeqId : null,
    username: 'username' in frame ? frame.username : null,
    content: 'content' in frame ? frame.content : null,
  };
}
