import { PRESENCE } from '@parley/contracts';
import { type ChannelId, seq, type Seq, type UserId } from '@parley/protocol';
import { Injectable } from '@nestjs/common';
import { type LostViewer, PresenceMap } from '../presence/presence-map.js';

interface Told {
  first: Seq;
  readonly users: Set<UserId>;
  /** Of the viewers that were counted last. */
  version: number;
}

/**
 * Whom a new owner has taken for viewers before it was known to have read all that connection servers had announced.
 * Some had left by then, which only the owner before was told: they see nothing of what was sent to them.
 */
@Injectable()
export class EarlyViewers {
  private told = new Map<ChannelId, Told>();
  /** When channels were taken over, while it is not known who looks at them; ms of the monotonic clock. */
  private since: number | undefined;

  constructor(private readonly presence: PresenceMap) {}

  begin(now: number): void {
    this.since = now;
  }

  tell(channelId: ChannelId, messageSeqId: Seq): void {
    if (this.since === undefined) return;
    const { users, version } = this.presence.viewers(channelId);
    const told = this.told.get(channelId);
    if (told === undefined) {
      this.told.set(channelId, { first: messageSeqId, users: new Set(users.keys()), version });
      return;
    }
    if (messageSeqId < told.first) told.first = messageSeqId;
    if (told.version === version) return;
    told.version = version;
    for (const userId of users.keys()) told.users.add(userId);
  }

  /** Whether all that was announced before `now` would tell: what was about to be announced at the takeover is by then. */
  isDue(now: number): boolean {
    return this.since !== undefined && now - this.since >= PRESENCE.lifeSignMs;
  }

  /** What was announced before `heardUpTo` has been read. Returns who was sent something and does not look. */
  settle(heardUpTo: number): LostViewer[] {
    if (!this.isDue(heardUpTo)) return [];
    const { told } = this;
    this.told = new Map();
    this.since = undefined;
    return [...told].flatMap(([channelId, { first, users }]) => {
      const looking = this.presence.viewers(channelId).users;
      const gone = [...users].filter((userId) => !looking.has(userId));
      return gone.map((userId) => ({ channelId, userId, seen: seq(first - 1) }));
    });
  }
}
