import type { Notice, Origin } from '@parley/contracts';
import { type ClientFrameOf, ERROR_TEXT } from '@parley/protocol';
import { Injectable } from '@nestjs/common';
import { CommandLog } from '../request/command-log.js';
import { answer, Outcome, refusal, toAsker } from '../request/outcome.js';
import { Limits } from '../user/limits.js';
import { ChannelRepository } from './channel.repository.js';
import { type Creation, decideCreate, decideJoin, decideParticipants } from './channel.rules.js';
import { contactsAmong, holdAccounts, idsByNames } from './participants.js';

/** Channels of a user: seeing them, making them, joining them. Quitting runs in the channel's own partition. */
@Injectable()
export class MembershipCommands {
  constructor(
    private readonly channels: ChannelRepository,
    private readonly log: CommandLog,
    private readonly limits: Limits,
  ) {}

  async fetch(origin: Origin): Promise<Outcome> {
    const channels = await this.channels.list(origin.userId);
    return answer(origin, { type: 'FETCH_CHANNELS_RESPONSE', channels });
  }

  create(origin: Origin, { type, title, participantUsernames }: ClientFrameOf<'CREATE_REQUEST'>): Promise<Outcome> {
    const { userId: creator } = origin;
    return this.log.once(origin.request, Outcome, async (tx) => {
      const named = await idsByNames(tx, participantUsernames);
      const accounts = await holdAccounts(tx, [creator, ...named]);
      if (!accounts.has(creator)) return refusal(origin, type, ERROR_TEXT.failed);
      const participants = named.filter((id) => accounts.has(id));
      const creation: Creation = { creator, participants, title, memberLimit: this.limits.channelMembers };
      const decision = decideCreate(creation);
      if (!decision.ok) return refusal(origin, type, decision.error);
      const invited = decideParticipants(creation, await contactsAmong(tx, creator, participants));
      if (!invited.ok) return refusal(origin, type, invited.error);
      const joined = [creator, ...participants];
      const channelId = await this.channels.create(tx, title, joined);
      return {
        membersChanged: { channelId, joined, gone: [] },
        deliveries: [
          toAsker(origin, { type: 'CREATE_RESPONSE', channelId, title }),
          ...participants.map((userId) => ({ userId, frame: { type: 'NOTIFY_JOIN' as const, channelId, title } })),
        ],
      };
    });
  }

  join(origin: Origin, { type, inviteCode }: ClientFrameOf<'JOIN_REQUEST'>): Promise<Outcome> {
    const { userId, username, connection } = origin;
    return this.log.once(origin.request, Outcome, async (tx) => {
      const accounts = await holdAccounts(tx, [userId]);
      if (!accounts.has(userId)) return refusal(origin, type, ERROR_TEXT.failed);
      const found = await this.channels.lockByInviteCode(tx, inviteCode.toLowerCase(), userId);
      const decision = decideJoin(found, this.limits.channelMembers);
      if (!decision.ok) {
        const refused = refusal(origin, type, decision.error);
        // The first attempt may have been committed without an answer, and then the channel's owner has not heard of it.
        return found?.isMember === true
          ? { ...refused, membersChanged: { channelId: found.id, joined: [userId], gone: [] } }
          : refused;
      }
      const { id: channelId, title } = decision.value;
      await this.channels.addMembers(tx, channelId, [userId]);
      const notice: Notice = { frame: { type: 'NOTIFY_MEMBER_JOIN', channelId, username }, except: connection };
      return {
        membersChanged: { channelId, joined: [userId], gone: [], notice },
        deliveries: [toAsker(origin, { type: 'NOTIFY_JOIN', channelId, title })],
      };
    });
  }
}
