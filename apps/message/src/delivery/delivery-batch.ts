import {
  connectionNotification,
  type Delivery,
  isPushed,
  messageRelay,
  type NotificationEntry,
  type Origin,
  pushIdOfMessage,
  pushIdOfRequest,
  pushNotification,
  type PushNotification,
  type UserNotice,
  type ViewerLeft,
} from '@parley/contracts';
import type { ChannelId, ServerFrame, StoredMessage, UserId } from '@parley/protocol';
import type { PresenceMap } from '../presence/presence-map.js';

/** A Kafka record ready to be produced. */
export interface OutRecord {
  readonly topic: string;
  readonly key: string | null;
  readonly value: string;
}

/** Collects what one batch has to tell, in order: one record per connection server, whatever the number of people. */
export class DeliveryBatch {
  private readonly entries = new Map<string, NotificationEntry[]>();
  private readonly notices = new Map<string, NotificationEntry[]>();
  private readonly pushes: PushNotification[] = [];
  private readonly left: ViewerLeft[] = [];
  /** For whom each message is pushed, by the id of the push. */
  private readonly unseenBy = new Map<string, UserId[]>();

  constructor(private readonly presence: PresenceMap) {}

  /** The answer to a frame, for the socket that sent it. */
  answer(origin: Origin, frame: ServerFrame): void {
    this.toConnection({ ...origin, frame });
  }

  toConnection(to: { server: string; connection: string; request: string; userId: UserId; frame: ServerFrame }): void {
    const { server, connection, request, userId, frame } = to;
    const state = this.presence.stateOf(server);
    if (state !== 'stopped') this.to(server, { kind: 'TO_CONNECTION', connection, userId, request, frame });
    if (state !== 'alive' && isPushed(frame.type)) {
      this.push(pushIdOfRequest(request, frame.type), request, [userId], frame);
    }
  }

  /** For all sockets of a user, wherever they are; a push when there is none. */
  toUser(userId: UserId, request: string, frame: ServerFrame): void {
    const servers = this.presence.serversOf(userId);
    for (const server of servers) this.to(server, { kind: 'TO_USER', userId, request, frame });
    if (servers.length === 0 && isPushed(frame.type)) {
      this.push(pushIdOfRequest(request, frame.type), request, [userId], frame);
    }
  }

  deliver(request: string, deliveries: readonly Delivery[]): void {
    for (const { userId, only, frame } of deliveries) {
      if (only === undefined) this.toUser(userId, request, frame);
      else this.toConnection({ ...only, userId, request, frame });
    }
  }

  /**
   * One entry for every server, whoever is known to be there: a socket that has just opened may have its lists from
   * another message service before its presence has arrived here.
   */
  notify(request: string, notice: UserNotice): void {
    if (notice.userIds.length === 0) return;
    for (const server of this.presence.serverNames()) {
      listOf(this.notices, server).push({ kind: 'NOTICE', request, ...notice });
    }
  }

  /** A stored message: one entry per server with a viewer, one push for all members without one. */
  message(message: StoredMessage, from: { request: string; connection: string }, absent: readonly UserId[]): void {
    const entry: NotificationEntry = { kind: 'TO_CHANNEL', message, request: from.request, except: from.connection };
    for (const server of this.presence.viewers(message.channelId).servers.keys()) this.to(server, entry);
    this.pushMessage(message, from.request, absent);
  }

  /** One push for all, also when they turn up one after the other. */
  pushMessage(message: StoredMessage, request: string, userIds: readonly UserId[]): void {
    if (userIds.length === 0) return;
    const id = pushIdOfMessage(message.channelId, message.messageSeqId);
    const unseenBy = this.unseenBy.get(id);
    if (unseenBy !== undefined) {
      unseenBy.push(...userIds);
      return;
    }
    const all = [...userIds];
    this.unseenBy.set(id, all);
    this.push(id, request, all, { type: 'NOTIFY_MESSAGE', ...message });
  }

  replayed(server: string, entry: Extract<NotificationEntry, { kind: 'REPLAYED' }>): void {
    this.to(server, entry);
  }

  /** The user's sockets stop showing a channel they are no longer a member of. */
  memberGone(channelId: ChannelId, userId: UserId): void {
    for (const server of this.presence.serversOf(userId)) this.to(server, { kind: 'MEMBER_GONE', channelId, userId });
    this.presence.leaveAll(channelId, userId);
  }

  /** For the owner of the channel, whoever that is by then. */
  viewerLost(viewer: Omit<ViewerLeft, 'kind' | 'presumed'>): void {
    this.left.push({ kind: 'VIEWER_LEFT', ...viewer, presumed: true });
  }

  /** What has been collected; the batch is empty afterwards. */
  take(): OutRecord[] {
    const records: OutRecord[] = [];
    // Apart from the rest: a server of the version before, which cannot read notices, must lose nothing else.
    for (const [server, entries] of [...this.entries, ...this.notices]) {
      const topic = connectionNotification(server);
      for (const value of recordsOf(topic, entries)) records.push({ topic: topic.name, key: null, value });
    }
    for (const push of this.pushes) {
      records.push({
        topic: pushNotification.name,
        key: pushNotification.key(push),
        value: pushNotification.encode(push),
      });
    }
    for (const left of this.left) {
      records.push({ topic: messageRelay.name, key: messageRelay.key(left), value: messageRelay.encode(left) });
    }
    this.entries.clear();
    this.notices.clear();
    this.pushes.length = 0;
    this.left.length = 0;
    this.unseenBy.clear();
    return records;
  }

  private to(server: string, entry: NotificationEntry): void {
    listOf(this.entries, server).push(entry);
  }

  private push(id: string, request: string, userIds: UserId[], frame: ServerFrame): void {
    this.pushes.push({ id, request, userIds, frame });
  }
}

function listOf<T>(lists: Map<string, T[]>, key: string): T[] {
  let list = lists.get(key);
  if (list === undefined) lists.set(key, (list = []));
  return list;
}

/** Well below what the producer takes. */
const RECORD_BYTES = 800_000;

/** As few records as fit, in order. */
function recordsOf(topic: ReturnType<typeof connectionNotification>, entries: readonly NotificationEntry[]): string[] {
  const value = topic.encode({ entries: [...entries] });
  if (entries.length === 1 || Buffer.byteLength(value) <= RECORD_BYTES) return [value];
  const half = Math.ceil(entries.length / 2);
  return [...recordsOf(topic, entries.slice(0, half)), ...recordsOf(topic, entries.slice(half))];
}
