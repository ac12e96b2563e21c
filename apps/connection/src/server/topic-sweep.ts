import { setTimeout as delay } from 'node:timers/promises';
import { Injectable } from '@nestjs/common';
import { NOTIFICATION_TOPIC_PREFIX, redisKeys } from '@parley/contracts';
import { KafkaAdmin } from '@parley/kafka';
import { ConsulClient, Log, RedisClient } from '@parley/platform';
import { SIGN_EVERY_MS } from './life-sign.js';
import { ServerIdentity } from './server-identity.js';

const EVERY_MS = 60_000;
/** A server whose first sign of life did not reach Redis has given the next one by then. */
const SECOND_LOOK_MS = 1.5 * SIGN_EVERY_MS;
const INSTANCE_PREFIX = 'connection-';

/** Deletes the topics of connection servers that died without doing it themselves. */
@Injectable()
export class TopicSweep {
  private timer: NodeJS.Timeout | undefined;
  private work: Promise<void> = Promise.resolve();
  private readonly stopping = new AbortController();

  constructor(
    private readonly admin: KafkaAdmin,
    private readonly consul: ConsulClient,
    private readonly redis: RedisClient,
    private readonly identity: ServerIdentity,
    private readonly log: Log,
  ) {}

  start(): void {
    this.work = this.sweep();
    this.timer = setInterval(() => {
      this.work = this.sweep();
    }, EVERY_MS);
  }

  async stop(): Promise<void> {
    clearInterval(this.timer);
    this.stopping.abort();
    await this.work;
  }

  /** Only what neither Consul nor Redis knows, at two looks, is taken for dead, and only when both have answered. */
  private async sweep(): Promise<void> {
    if (!this.consul.isConfigured) return;
    try {
      const suspects = await this.unknown(await this.others());
      if (suspects.length === 0) return;
      await delay(SECOND_LOOK_MS, undefined, { signal: this.stopping.signal });
      for (const server of await this.unknown(suspects)) {
        await this.admin.deleteTopic(NOTIFICATION_TOPIC_PREFIX + server);
        this.log.info({ server }, 'removed the topic of a connection server that is gone');
      }
    } catch (error) {
      this.log.debug({ error }, 'the topics of dead servers are swept another time');
    }
  }

  /** All other servers that have a topic. */
  private async others(): Promise<string[]> {
    return (await this.admin.listTopics())
      .filter((topic) => topic.startsWith(NOTIFICATION_TOPIC_PREFIX))
      .map((topic) => topic.slice(NOTIFICATION_TOPIC_PREFIX.length))
      .filter((server) => server !== this.identity.server);
  }

  private async unknown(servers: readonly string[]): Promise<string[]> {
    if (servers.length === 0) return [];
    const registered = new Set((await this.consul.instances('connection')).map(({ id }) => id));
    const unknown: string[] = [];
    for (const server of servers) {
      if (registered.has(INSTANCE_PREFIX + server)) continue;
      if ((await this.redis.exists(redisKeys.connectionServer(server))) === 0) unknown.push(server);
    }
    return unknown;
  }
}
