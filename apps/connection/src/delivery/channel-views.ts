import { Injectable } from '@nestjs/common';
import { type ChannelId, encodeFrame, seq, type Seq, type StoredMessage } from '@parley/protocol';
import { PresenceAnnouncer } from '../presence/presence-announcer.js';
import type { ClientSocket } from '../socket/client-socket.js';
import { textFrame } from '../socket/text-frame.js';
import { ChannelCursor, type Placed } from './channel-cursor.js';
import { RelayNotes } from './relay-notes.js';

/** A message on its way to the viewers of its channel. */
interface Delivery {
  readonly message: StoredMessage;
  /** The socket that wrote it. */
  readonly except: string | undefined;
}

interface ChannelView {
  readonly channelId: ChannelId;
  readonly viewers: Set<ClientSocket>;
  readonly cursor: ChannelCursor<Delivery>;
}

const LOOK_EVERY_MS = 1_000;
/** An unanswered question for missing messages is repeated after this. */
const REPLAY_RETRY_MS = 5_000;

/** The channels that sockets of this server show, and the delivery of messages to them: each once and in order. */
@Injectable()
export class ChannelViews {
  private readonly views = new Map<ChannelId, ChannelView>();
  /** Those that wait for missing messages. */
  private readonly gaps = new Set<ChannelView>();
  private timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly notes: RelayNotes,
    private readonly presence: PresenceAnnouncer,
  ) {
    presence.cursors = () => this.cursors();
  }

  start(): void {
    this.timer = setInterval(() => {
      for (const view of this.gaps) this.mend(view);
    }, LOOK_EVERY_MS);
  }

  stop(): void {
    clearInterval(this.timer);
  }

  /** The socket shows the channel from now on and knows everything up to `last`. Its ENTER_RESPONSE goes out first. */
  enter(socket: ClientSocket, channelId: ChannelId, last: Seq): void {
    if (socket.shown.channelId !== channelId) this.leave(socket, 'tell the owner');
    const view = this.view(channelId, last);
    if (last < view.cursor.last) {
      // The newcomer lacks messages that the others have had: those are replayed, for the newcomer alone.
      for (const { shown } of view.viewers) shown.after = seq(Math.max(shown.after ?? 0, view.cursor.last));
      view.cursor.rewind(last);
    }
    view.cursor.expect(last);
    view.viewers.add(socket);
    socket.shown.begin(channelId, last);
    this.presence.showing(socket);
    this.mend(view);
  }

  /** The socket was let in after it had gone on to another channel: the owner takes it for a viewer and is told. */
  passedBy({ id: connection, userId, shown }: ClientSocket, channelId: ChannelId, seen: Seq): void {
    if (shown.channelId === channelId || shown.heading === channelId) return;
    this.notes.viewerLeft({ channelId, userId, connection, seen });
  }

  /** The socket shows no channel any more. The owner of the channel knows that already unless it has to be told. */
  leave(socket: ClientSocket, owner: 'knows' | 'tell the owner'): void {
    const { shown, userId, id: connection } = socket;
    const { channelId } = shown;
    const view = channelId === undefined ? undefined : this.views.get(channelId);
    if (channelId === undefined || view === undefined) return;
    if (owner === 'tell the owner') {
      this.notes.viewerLeft({ channelId, userId, connection, seen: seenBy(socket, view.cursor.last) });
    }
    shown.end();
    view.viewers.delete(socket);
    if (view.viewers.size === 0) {
      this.views.delete(channelId);
      this.gaps.delete(view);
    }
    this.presence.showing(socket);
  }

  /** A new message of a channel. Returns how many frames that gave to sockets. */
  arrived(message: StoredMessage, except: string): number {
    const view = this.views.get(message.channelId);
    if (view === undefined) return 0;
    const delivery = { message, except };
    let frames = 0;
    if (view.cursor.accept(message.messageSeqId, delivery)) {
      frames = deliver(view, delivery) + deliverAll(view, view.cursor.released());
    }
    this.mend(view);
    return frames;
  }

  /** Messages that were missing, and how far the channel reaches. Returns how many frames that gave to sockets. */
  replayed(channelId: ChannelId, messages: readonly StoredMessage[], last: Seq): number {
    const view = this.views.get(channelId);
    if (view === undefined) return 0;
    const found = messages.map((message) => ({ seq: message.messageSeqId, item: { message, except: undefined } }));
    const frames = deliverAll(view, view.cursor.fill(found, last));
    this.mend(view);
    return frames;
  }

  private *cursors(): Iterable<[ChannelId, Seq]> {
    for (const { channelId, cursor } of this.views.values()) yield [channelId, cursor.last];
  }

  private view(channelId: ChannelId, last: Seq): ChannelView {
    const known = this.views.get(channelId);
    if (known !== undefined) return known;
    const view: ChannelView = { channelId, viewers: new Set(), cursor: new ChannelCursor(last) };
    this.views.set(channelId, view);
    return view;
  }

  private mend(view: ChannelView): void {
    const now = performance.now();
    const missing = view.cursor.missing(now, REPLAY_RETRY_MS);
    if (missing === 'none') {
      this.gaps.delete(view);
      return;
    }
    this.gaps.add(view);
    if (missing === 'awaited') return;
    view.cursor.asking(now);
    this.notes.replay(view.channelId, view.cursor.last);
  }
}

/** How far the viewer has seen the channel, of which `last` was delivered last. */
function seenBy({ shown, isLost }: ClientSocket, last: Seq): Seq {
  if (isLost) return shown.confirmed ?? seq(0);
  return seq(shown.firstMissed === undefined ? Math.max(last, shown.after ?? 0) : shown.firstMissed - 1);
}

function deliverAll(view: ChannelView, placed: readonly Placed<Delivery>[]): number {
  let frames = 0;
  for (const { item } of placed) frames += deliver(view, item);
  return frames;
}

function deliver({ viewers }: ChannelView, { message, except }: Delivery): number {
  const at = message.messageSeqId;
  const frame = textFrame(encodeFrame({ type: 'NOTIFY_MESSAGE', ...message }));
  let frames = 0;
  for (const viewer of viewers) {
    const { shown } = viewer;
    if (viewer.id === except || at <= (shown.after ?? 0)) continue;
    viewer.unread += 1;
    frames += 1;
    if (viewer.sendPrepared(frame)) shown.written = at;
    else shown.firstMissed ??= at;
  }
  return frames;
}
