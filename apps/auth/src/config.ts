import { kafkaEnv } from '@parley/kafka';
import { databaseEnv } from '@parley/persistence';
import { booleanVar, integerVar, listVar, redisEnv, serviceEnv } from '@parley/platform';
import { originEnv, sessionEnv } from '@parley/session';
import { z } from 'zod';
import { isAddressOrSubnet } from './limits/client-address.js';

const perMinute = (byDefault: number, description: string) =>
  integerVar({ min: 1, max: 1_000_000 }).default(byDefault).describe(description);
const PROXIES = 'a comma-separated list of IP addresses and subnets such as 10.0.0.0/8';

/** Everything that can be set from outside. */
export const authEnv = z.object({
  ...serviceEnv,
  ...kafkaEnv,
  ...redisEnv,
  ...databaseEnv,
  ...sessionEnv,
  ...originEnv,
  COOKIE_SECURE: booleanVar()
    .default(false)
    .describe('Keeps browsers from sending the session cookie over plain HTTP; set it where people come over HTTPS.'),
  LOGIN_LIMIT_PER_MINUTE: perMinute(20, 'Failed logins of one name per minute.'),
  LOGIN_LIMIT_PER_ADDRESS_PER_MINUTE: perMinute(100, 'Logins from one address per minute, good ones included.'),
  REGISTER_LIMIT_PER_MINUTE: perMinute(20, 'Attempts to register one name per minute.'),
  REGISTER_LIMIT_PER_ADDRESS_PER_MINUTE: perMinute(60, 'New accounts from one address per minute.'),
  TRUSTED_PROXIES: listVar(PROXIES)
    .refine((entries) => entries.every(isAddressOrSubnet), PROXIES)
    .meta({ accepted: PROXIES })
    .default(['127.0.0.1'])
    .describe('Proxies whose X-Real-IP header is believed when attempts are counted per address.'),
});
export type AuthConfig = Readonly<z.output<typeof authEnv>>;
