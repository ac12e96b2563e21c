import { kafkaEnv } from '@parley/kafka';
import { databaseEnv } from '@parley/persistence';
import { integerVar, redisEnv, serviceEnv } from '@parley/platform';
import { sessionEnv } from '@parley/session';
import { z } from 'zod';

/** Everything that can be set from outside. */
export const pushEnv = z.object({
  ...serviceEnv,
  ...kafkaEnv,
  ...redisEnv,
  ...databaseEnv,
  ...sessionEnv,
  PUSH_INBOX_ENTRIES: integerVar({ min: 1, max: 1_000_000 })
    .default(1_000)
    .describe('Newest entries that the inbox of one user keeps; older ones are removed within minutes.'),
});
export type PushConfig = Readonly<z.output<typeof pushEnv>>;
