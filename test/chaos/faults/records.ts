import {
  connectionControl,
  NOTIFICATION_TOPIC_PREFIX,
  connectionPresence,
  messageRelay,
  messageRequest,
  pushNotification,
} from '@parley/contracts';
import type { Fault, Heal, Stage } from './fault.js';

const POISON = ['not JSON', '{"kind":"NEVER_HEARD_OF"}', '{}', ''];

/** Records that nobody can read, on every topic and many of its partitions. */
const poison = async ({ system }: Stage): Promise<Heal> => {
  await using kafka = await system.kafka();
  const perServer = (await kafka.topics()).filter((name) => name.startsWith(NOTIFICATION_TOPIC_PREFIX));
  const topics = [messageRelay, messageRequest, pushNotification, connectionPresence, connectionControl];
  for (const topic of [...topics.map(({ name }) => name), ...perServer]) {
    for (const [index, value] of POISON.entries()) {
      for (const key of ['1', '2', '3', '4']) await kafka.send(topic, { key: `${key}${index}`, value });
    }
  }
  return async () => undefined;
};

export const RECORD_FAULTS: readonly Fault[] = [
  {
    name: 'poison-records',
    title: 'unreadable records on every topic',
    lastsMs: 2000,
    inject: poison,
  },
];
