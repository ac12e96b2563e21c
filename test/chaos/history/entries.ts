import { z } from 'zod';

/** One message as somebody saw it. */
const Message = z.object({ seq: z.number(), author: z.string(), content: z.string() });
export type Message = z.infer<typeof Message>;

/** Milliseconds since the run began; one clock for everything. */
const at = z.number();
const by = { t: at, device: z.string(), user: z.string() };

/**
 * Everything a run notes, in the order of its clock. Users are named as in the database, channels by their id, and a
 * serial belongs to one message of the whole run.
 */
export const Entry = z.discriminatedUnion('kind', [
  /** A channel was made with these members. */
  z.object({ kind: z.literal('channel'), t: at, channel: z.number(), shard: z.number(), members: z.array(z.string()) }),
  /** A wish to join or quit; `op` pairs it with its outcome. */
  z.object({
    kind: z.literal('asks'),
    ...by,
    op: z.number(),
    channel: z.number(),
    change: z.enum(['join', 'quit']),
  }),
  /** `in` and `out` are certain; `unknown`: it failed, and may have happened or may yet. */
  z.object({ kind: z.literal('told'), ...by, op: z.number(), member: z.enum(['in', 'out', 'unknown']) }),
  /** A message is handed to the SDK, for the first time or again. */
  z.object({ kind: z.literal('write'), ...by, channel: z.number(), serial: z.number(), content: z.string() }),
  /** An acknowledgement arrived. */
  z.object({ kind: z.literal('ack'), ...by, serial: z.number(), seq: z.number() }),
  /** The SDK gave a message up: with the server's text, or because nothing came. */
  z.object({ kind: z.literal('failed'), ...by, serial: z.number(), why: z.string(), text: z.string() }),
  /** A live message arrived on the socket. */
  z.object({ kind: z.literal('frame'), ...by, channel: z.number(), ...Message.shape }),
  /** A part of the history arrived; `asked` is when it was asked for. */
  z.object({ kind: z.literal('fetched'), ...by, channel: z.number(), asked: at, messages: z.array(Message) }),
  /** The server let a socket enter; `asked` is when it was asked. */
  z.object({ kind: z.literal('entered'), ...by, channel: z.number(), asked: at, lastRead: z.number() }),
  /** The SDK opened a screen: the next message on it is `from`. */
  z.object({ kind: z.literal('screen'), ...by, channel: z.number(), from: z.number() }),
  /** The SDK showed a message. */
  z.object({ kind: z.literal('shown'), ...by, channel: z.number(), ...Message.shape }),
  /** Somebody scrolled back, and was shown this. */
  z.object({ kind: z.literal('scrolled'), ...by, channel: z.number(), messages: z.array(Message) }),
  /** The SDK said that the user is no member of the channel on the screen any more. */
  z.object({ kind: z.literal('removed'), ...by, channel: z.number(), reason: z.string() }),
  /** The device shows no channel any more. */
  z.object({ kind: z.literal('blank'), ...by }),
  /** An ERROR arrived. */
  z.object({ kind: z.literal('error'), ...by, about: z.string(), text: z.string() }),
  /** A request or a message had no answer within the client's time. */
  z.object({ kind: z.literal('silence'), ...by, about: z.string() }),
  /** A REST call about a session has ended; `refused`: by a server that does not accept the session or the password. */
  z.object({
    kind: z.literal('rest'),
    ...by,
    about: z.enum(['login', 'inbox', 'logout']),
    session: z.number(),
    outcome: z.enum(['done', 'refused', 'failed']),
    text: z.string(),
  }),
  /** What somebody knows of a contact; `unsure` from a command on, until it has its answer. */
  z.object({ kind: z.literal('contact'), ...by, other: z.string(), state: z.enum(['connected', 'apart', 'unsure']) }),
  /** The SDK's connection changed; `cut`: the network did it, not the system. */
  z.object({ kind: z.literal('link'), ...by, state: z.string() }),
  /** A fault begins, or has ended. */
  z.object({ kind: z.literal('fault'), t: at, name: z.string(), phase: z.enum(['begins', 'ends']) }),
  /** A process or server that the fault hit. */
  z.object({ kind: z.literal('hit'), t: at, what: z.string() }),
]);
export type Entry = z.infer<typeof Entry>;
export type EntryOf<K extends Entry['kind']> = Extract<Entry, { kind: K }>;

/** What the databases hold of the run's users and channels when it is over. */
export interface Tables {
  readonly rows: readonly (Message & { readonly shard: number; readonly channel: number })[];
  readonly channels: readonly { readonly channel: number; readonly shard: number; readonly headCount: number }[];
  readonly memberships: readonly { readonly user: string; readonly channel: number; readonly lastRead: number }[];
  readonly accounts: readonly { readonly user: string; readonly contactCount: number }[];
  /** Pairs with status ACCEPTED. */
  readonly accepted: readonly (readonly [string, string])[];
  /** Messages in the inboxes of push. */
  readonly pushes: readonly { readonly user: string; readonly channel: number; readonly seq: number }[];
}

export interface Evidence {
  readonly log: readonly Entry[];
  readonly tables: Tables;
}

export const ofKind = <K extends Entry['kind']>(log: readonly Entry[], kind: K): EntryOf<K>[] =>
  log.filter((entry): entry is EntryOf<K> => entry.kind === kind);
