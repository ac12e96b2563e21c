import type { Origin } from '@parley/contracts';
import { UserDatabase } from '@parley/persistence';
import { type ClientFrameOf, ERROR_TEXT } from '@parley/protocol';
import { Injectable } from '@nestjs/common';
import { answer, type Outcome, refusal } from '../request/outcome.js';

@Injectable()
export class AccountCommands {
  constructor(private readonly users: UserDatabase) {}

  async fetchInviteCode(origin: Origin, frame: ClientFrameOf<'FETCH_USER_INVITECODE_REQUEST'>): Promise<Outcome> {
    const [row]: { invite_code: string }[] = await this.users.source.query(
      'SELECT invite_code FROM message_user WHERE user_id = ?',
      [origin.userId],
    );
    if (row === undefined) return refusal(origin, frame.type, ERROR_TEXT.fetchUserInviteCodeFailed);
    return answer(origin, { type: 'FETCH_USER_INVITECODE_RESPONSE', inviteCode: row.invite_code });
  }
}
