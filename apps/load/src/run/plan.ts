/** Who takes part: pure arithmetic on numbers of users and channels. */
export interface PlanOptions {
  readonly users: number;
  readonly channels: number;
  readonly members: number;
  /** Of each channel, how many of its members write. */
  readonly senders: number;
}

export interface Seat {
  readonly user: number;
  /** The channel that this user's socket shows; none for users that are only connected. */
  readonly channel: number | undefined;
  readonly writes: boolean;
}

/** The members of a channel, as numbers of users. Channels share users only when there are too few of them. */
export const membersOf = (channel: number, { users, members }: PlanOptions): number[] =>
  Array.from({ length: members }, (_, index) => (channel * members + index) % users);

/** One socket for each user, showing the first channel that the user belongs to. */
export function seats(options: PlanOptions): Seat[] {
  const { users, channels, members, senders } = options;
  return Array.from({ length: users }, (_, user) => {
    const channel = Math.floor(user / members);
    return channel < channels
      ? { user, channel, writes: user % members < senders }
      : { user, channel: undefined, writes: false };
  });
}

export function checkPlan({ users, channels, members, senders }: PlanOptions): string | undefined {
  if (senders > members) return 'a channel cannot have more --senders than --members';
  if (members > users) return 'a channel cannot have more --members than there are --users';
  return channels > 0 && users > 0 ? undefined : 'at least one user and one channel are needed';
}
