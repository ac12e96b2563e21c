import type { UserId } from '@parley/protocol';
import { Controller, Get, NotFoundException, Param } from '@nestjs/common';
import { UserDirectory } from '../user/user-directory.js';
import { type PlacedSocket, PresenceMap } from './presence-map.js';

interface Whereabouts {
  readonly userId: UserId;
  readonly username: string;
  readonly sockets: readonly PlacedSocket[];
}

/** For operators, beside health and metrics: load balancers do not lead here. */
@Controller('presence')
export class PresenceController {
  constructor(
    private readonly presence: PresenceMap,
    private readonly directory: UserDirectory,
  ) {}

  /** Where somebody is connected, by the map that messages are routed by. */
  @Get(':username')
  async of(@Param('username') name: string): Promise<Whereabouts> {
    const user = await this.directory.find(name);
    if (user === undefined) throw new NotFoundException('Nobody has this name.');
    return { ...user, sockets: this.presence.socketsOf(user.userId) };
  }
}
