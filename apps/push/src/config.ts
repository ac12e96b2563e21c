import { kafkaEnv } from '@parley/kafka';
import { databaseEnv } from '@parley/persistence';
import { redisEnv, serviceEnv } from '@parley/platform';
import { sessionEnv } from '@parley/session';
import { z } from 'zod';

/** Everything that can be set from outside. */
export const pushEnv = z.object({ ...serviceEnv, ...kafkaEnv, ...redisEnv, ...databaseEnv, ...sessionEnv });
export type PushConfig = Readonly<z.output<typeof pushEnv>>;
