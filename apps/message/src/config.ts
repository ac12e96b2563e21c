import { kafkaEnv } from '@parley/kafka';
import { databaseEnv } from '@parley/persistence';
import { integerVar, redisEnv, serviceEnv } from '@parley/platform';
import { LIMITS } from '@parley/protocol';
import { z } from 'zod';

export const messageEnv = z.object({
  ...serviceEnv,
  ...kafkaEnv,
  ...redisEnv,
  ...databaseEnv,
  CONTACT_LIMIT: integerVar({ min: 1, max: 100_000 })
    .default(LIMITS.contacts)
    .describe('Accepted contacts that one user may have.'),
  CHANNEL_MEMBER_LIMIT: integerVar({ min: 2, max: 100_000 })
    .default(LIMITS.channelMembers)
    .describe('Members that one channel may have, its creator included.'),
  PRODUCE_GAP_MS: integerVar({ min: 0, max: 1_000 })
    .default(6)
    .describe(
      'Longest time that records are gathered for one produce request; the fewer there are, the shorter it is.',
    ),
  COMMIT_INTERVAL_MS: integerVar({ min: 10, max: 60_000 })
    .default(500)
    .describe('How often read positions are stored and offsets committed.'),
});
export type MessageConfig = Readonly<z.output<typeof messageEnv>>;
