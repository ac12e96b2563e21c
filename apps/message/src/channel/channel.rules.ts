import { codePoints, err, ERROR_TEXT, LIMITS, ok, type Result, type UserId } from '@parley/protocol';

export interface Creation {
  readonly creator: UserId;
  /** The named users that exist, each once. */
  readonly participants: readonly UserId[];
  readonly title: string;
  readonly memberLimit: number;
}

const isTitle = (title: string): boolean => title !== '' && codePoints(title) <= LIMITS.titleCharacters;

/** Everything about a creation that needs no look at contacts. */
export function decideCreate({ participants, title, memberLimit }: Creation): Result<void, string> {
  if (participants.length === 0) return err(ERROR_TEXT.notFound);
  if (!isTitle(title)) return err(ERROR_TEXT.invalidArguments);
  if (participants.length + 1 > memberLimit) return err(ERROR_TEXT.overLimit);
  return ok(undefined);
}

/** Nobody can be put into a channel by a stranger. One's own name counts as a stranger's. */
export function decideParticipants({ participants }: Creation, contacts: ReadonlySet<UserId>): Result<void, string> {
  return participants.every((id) => contacts.has(id)) ? ok(undefined) : err(ERROR_TEXT.unconnectedUsers);
}

/** As read under the lock of the channel. */
export interface Joinable {
  readonly headCount: number;
  readonly isMember: boolean;
}

/** @param channel undefined if the code is no channel's */
export function decideJoin<C extends Joinable>(channel: C | undefined, memberLimit: number): Result<C, string> {
  if (channel === undefined) return err(ERROR_TEXT.notFound);
  if (channel.isMember) return err(ERROR_TEXT.alreadyJoined);
  if (channel.headCount >= memberLimit) return err(ERROR_TEXT.overLimit);
  return ok(channel);
}
