import { Injectable } from '@nestjs/common';
import { redisKeys } from '@parley/contracts';
import { Log, RedisClient } from '@parley/platform';
import { ServerIdentity } from './server-identity.js';

export const SIGN_EVERY_MS = 10_000;
const LASTS_SECONDS = 30;

/** Tells the others in Redis that this server lives, so that nobody sweeps its topic away. */
@Injectable()
export class LifeSign {
  private timer: NodeJS.Timeout | undefined;
  private readonly key: string;

  constructor(
    private readonly redis: RedisClient,
    private readonly identity: ServerIdentity,
    private readonly log: Log,
  ) {
    this.key = redisKeys.connectionServer(identity.server);
  }

  async start(): Promise<void> {
    await this.give();
    this.timer = setInterval(() => void this.give(), SIGN_EVERY_MS);
  }

  /** Takes the sign back. False when another process has put its own in its place: then the topic is not ours alone. */
  async stop(): Promise<boolean> {
    clearInterval(this.timer);
    try {
      const current = await this.redis.get(this.key);
      if (current !== null && current !== this.identity.boot) return false;
      await this.redis.del(this.key);
    } catch (error) {
      this.log.warn({ error }, 'the sign of life could not be taken back; it ends by itself');
    }
    return true;
  }

  private async give(): Promise<void> {
    try {
      const previous = await this.redis.set(this.key, this.identity.boot, 'EX', LASTS_SECONDS, 'GET');
      if (previous !== null && previous !== this.identity.boot) {
        this.log.warn(
          { server: this.identity.server },
          `a process with the same SERVICE_ID ran within the last ${LASTS_SECONDS} s; two at the same time disturb each other`,
        );
      }
    } catch (error) {
      this.log.debug({ error }, 'no sign of life could be given');
    }
  }
}
