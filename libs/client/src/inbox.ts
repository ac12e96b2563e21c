import { LIMITS, type ChannelId, type Seq, seq } from '@parley/protocol';

export interface ChatMessage {
  readonly channelId: ChannelId;
  readonly seq: Seq;
  /** `unknown` when the author's account is gone. */
  readonly username: string;
  readonly content: string;
  readonly mine: boolean;
}

/** Both ends included. */
export interface SeqRange {
  readonly from: Seq;
  readonly to: Seq;
}

/** What one channel's screen knows. The same set of messages gives the same screen, in whatever order and however often they come. */
export interface Inbox {
  /** Everything up to here is on the screen; undefined until the server has said where the screen begins. */
  readonly shown: Seq | undefined;
  /** Highest sequence known to exist. */
  readonly known: Seq;
  /** Messages that came before their turn. */
  readonly held: ReadonlyMap<Seq, ChatMessage>;
}

export interface Delivery {
  readonly inbox: Inbox;
  readonly show: readonly ChatMessage[];
}

/** Unread messages shown on entering: at most so many of the newest. */
export const HISTORY_ON_ENTER = 10;

/** More early messages than this are forgotten and fetched when their turn comes. */
export const MAX_HELD = 1000;

export const EMPTY_INBOX: Inbox = { shown: undefined, known: seq(0), held: new Map() };

/** The server answered ENTER: the first time this fixes where the screen begins, later it only tells what exists. */
export function open(inbox: Inbox, lastRead: Seq, last: Seq): Delivery {
  const begin = inbox.shown ?? seq(Math.max(lastRead, last - HISTORY_ON_ENTER, 0));
  const held = new Map([...inbox.held].filter(([at]) => at > begin));
  return drain({ shown: begin, known: highest(inbox.known, last, begin), held });
}

/** Shows what is next, holds what is early, drops what was seen. */
export function receive(inbox: Inbox, messages: readonly ChatMessage[]): Delivery {
  const held = new Map(inbox.held);
  let known = inbox.known;
  for (const message of messages) {
    known = highest(known, message.seq);
    const seen = inbox.shown !== undefined && message.seq <= inbox.shown;
    if (!seen && !held.has(message.seq)) held.set(message.seq, message);
  }
  return drain({ shown: inbox.shown, known, held });
}

/** The messages to ask for before anything else can be shown; never more than one answer can carry. */
export function gap(inbox: Inbox): SeqRange | undefined {
  if (inbox.shown === undefined || inbox.shown >= inbox.known) return undefined;
  let end: number = inbox.known;
  for (const early of inbox.held.keys()) end = Math.min(end, early - 1);
  return { from: seq(inbox.shown + 1), to: seq(Math.min(end, inbox.shown + LIMITS.fetchMessages)) };
}

function drain(inbox: Inbox): Delivery {
  if (inbox.shown === undefined) return { inbox: { ...inbox, held: bounded(inbox.held) }, show: [] };
  const held = new Map(inbox.held);
  const show: ChatMessage[] = [];
  let { shown } = inbox;
  for (let next = held.get(seq(shown + 1)); next; next = held.get(seq(shown + 1))) {
    held.delete(next.seq);
    show.push(next);
    shown = next.seq;
  }
  return { inbox: { shown, known: inbox.known, held: bounded(held) }, show };
}

/** Lets go of the latest ones: their turn is furthest away. */
function bounded(held: ReadonlyMap<Seq, ChatMessage>): ReadonlyMap<Seq, ChatMessage> {
  if (held.size <= MAX_HELD) return held;
  return new Map([...held].sort(([a], [b]) => a - b).slice(0, MAX_HELD));
}

const highest = (...all: Seq[]): Seq => seq(Math.max(...all));
