import type { Origin } from '@parley/contracts';
import { type ClientFrameOf, ERROR_TEXT } from '@parley/protocol';
import { Injectable } from '@nestjs/common';
import { answer, type Outcome, refusal } from '../request/outcome.js';
import { UserDirectory } from './user-directory.js';

@Injectable()
export class AccountCommands {
  constructor(private readonly directory: UserDirectory) {}

  async fetchInviteCode(origin: Origin, frame: ClientFrameOf<'FETCH_USER_INVITECODE_REQUEST'>): Promise<Outcome> {
    const inviteCode = await this.directory.inviteCodeOf(origin.userId);
    if (inviteCode === undefined) return refusal(origin, frame.type, ERROR_TEXT.fetchUserInviteCodeFailed);
    return answer(origin, { type: 'FETCH_USER_INVITECODE_RESPONSE', inviteCode });
  }
}
