import { LIMITS } from '@parley/protocol';

/** Limits that an operator may set; they default to those of the protocol. */
export class Limits {
  constructor(
    /** Accepted contacts of one user. */
    readonly contacts: number = LIMITS.contacts,
    /** Members of one channel, its creator included. */
    readonly channelMembers: number = LIMITS.channelMembers,
  ) {}
}
