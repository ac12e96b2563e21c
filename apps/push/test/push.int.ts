import { randomInt, randomUUID } from 'node:crypto';
import { type PushNotification, pushIdOfMessage, pushIdOfRequest, pushNotification } from '@parley/contracts';
import { BatchingProducer, createKafka, kafkaOptionsFrom } from '@parley/kafka';
import { databaseOptionsFrom, UserDatabase } from '@parley/persistence';
import { loadConfig, Log, Metrics, type RunningService, startService } from '@parley/platform';
import { channelId, PATHS, PushInboxEntry, seq, type UserId, userId } from '@parley/protocol';
import { SessionStore } from '@parley/session';
import { eventually } from '@parley/testing';
import type { Counter } from 'prom-client';
import { pushEnv } from '../src/config.js';
import { InboxRepository } from '../src/inbox/inbox.repository.js';
import type { Push } from '../src/inbox/inbox.rules.js';
import { InboxService } from '../src/inbox/inbox.service.js';
import { InboxSize, InboxTrim } from '../src/inbox/inbox-trim.js';
import { PushProvider } from '../src/provider/push-provider.js';
import { PushMetrics } from '../src/push.metrics.js';
import { pushService } from '../src/service.js';

const fixed = { HTTP_HOST: '127.0.0.1', HTTP_PORT: '0', CONSUL_URLS: '', LOG_LEVEL: 'silent' };
const config = loadConfig(pushEnv, { ...process.env, ...fixed });
const start = (): Promise<RunningService> => startService<typeof pushEnv>(pushService, config);

/** No test shares people or channels with another. */
const somebody = (): UserId => userId(randomInt(2 ** 41, 2 ** 42));

let push: RunningService;
let producer: BatchingProducer;
beforeAll(async () => {
  push = await start();
  const kafka = createKafka(kafkaOptionsFrom(config, 'push-test'), push.app.get(Log, { strict: false }));
  producer = new BatchingProducer({ kafka });
  await eventually(() => push.app.get(UserDatabase, { strict: false }).check());
}, 30_000);
afterAll(async () => {
  await producer.close();
  await push.stop();
});

function messageFor(userIds: UserId[], channel: number, sequence: number): PushNotification {
  return {
    id: pushIdOfMessage(channel, sequence),
    request: randomUUID(),
    userIds,
    frame: {
      type: 'NOTIFY_MESSAGE',
      channelId: channelId(channel),
      messageSeqId: seq(sequence),
      username: 'carol',
      content: `message ${sequence} 🎈`,
    },
  };
}

async function announce(...notifications: PushNotification[]): Promise<void> {
  const topic = pushNotification;
  await producer.sendAll(
    notifications.map((record) => ({ topic: topic.name, key: topic.key(record), value: topic.encode(record) })),
  );
}

async function ask(path: string, who?: UserId) {
  const sessions = push.app.get(SessionStore, { strict: false });
  const cookie = who === undefined ? 'none' : await sessions.create({ userId: who, username: 'somebody' });
  return fetch(`http://127.0.0.1:${push.port}${path}`, { headers: { cookie: `SESSION=${cookie}` } });
}

async function inboxOf(who: UserId, query = ''): Promise<PushInboxEntry[]> {
  const response = await ask(`${PATHS.pushInbox}${query}`, who);
  expect(response.status).toBe(200);
  return PushInboxEntry.array().parse(await response.json());
}

const sequences = (entries: PushInboxEntry[]) => entries.map(({ messageSeqId }) => messageSeqId);

describe('the push inbox', () => {
  it('keeps one entry per message and absent member, newest first', async () => {
    const [alice, bob, channel] = [somebody(), somebody(), randomInt(2 ** 40)];
    await announce(messageFor([alice, bob], channel, 1), messageFor([alice], channel, 2));
    await eventually(async () => expect(sequences(await inboxOf(alice))).toEqual([2, 1]));
    expect(await inboxOf(bob)).toEqual([
      {
        type: 'NOTIFY_MESSAGE',
        channelId: channel,
        messageSeqId: 1,
        username: 'carol',
        content: 'message 1 🎈',
        createdAt: expect.stringMatching(/^\d{4}-.*Z$/) as unknown,
      },
    ]);
  });

  it('holds a push once however often it is announced', async () => {
    const [alice, channel] = [somebody(), randomInt(2 ** 40)];
    const message = messageFor([alice], channel, 1);
    await announce(message, message);
    await announce(message);
    await announce(messageFor([alice], channel, 2));
    await eventually(async () => expect(sequences(await inboxOf(alice))).toEqual([2, 1]));
  });

  it('loses nothing while the service is down', async () => {
    const [alice, channel] = [somebody(), randomInt(2 ** 40)];
    await push.stop();
    await announce(messageFor([alice], channel, 1));
    push = await start();
    await eventually(async () => expect(sequences(await inboxOf(alice))).toEqual([1]), 20_000);
  }, 40_000);

  it('goes on after a record that nobody can read', async () => {
    const [alice, channel] = [somebody(), randomInt(2 ** 40)];
    const good = messageFor([alice], channel, 1);
    await producer.send(pushNotification.name, { key: pushNotification.key(good), value: '{"not": "a push"}' });
    await announce(good);
    await eventually(async () => expect(sequences(await inboxOf(alice))).toEqual([1]), 20_000);
  }, 40_000);

  it('keeps a push that is not about a channel', async () => {
    const bob = somebody();
    const frame = { type: 'ASK_INVITE', username: 'alice' } as const;
    await announce({ id: pushIdOfRequest(randomUUID(), frame.type), request: 'r', userIds: [bob], frame });
    await eventually(async () =>
      expect(await inboxOf(bob)).toEqual([expect.objectContaining({ type: 'ASK_INVITE', channelId: null })]),
    );
  });

  it('gives as many entries as asked for', async () => {
    const [alice, channel] = [somebody(), randomInt(2 ** 40)];
    await announce(...[1, 2, 3].map((sequence) => messageFor([alice], channel, sequence)));
    await eventually(async () => expect(await inboxOf(alice)).toHaveLength(3));
    expect(sequences(await inboxOf(alice, '?limit=2'))).toEqual([3, 2]);
  });

  it.each(['0', '201', '-1', 'all', '1.5', ''])('answers 400 for a limit of "%s"', async (limit) => {
    expect((await ask(`${PATHS.pushInbox}?limit=${limit}`, somebody())).status).toBe(400);
  });

  it('answers 401 without a session', async () => {
    expect((await ask(PATHS.pushInbox)).status).toBe(401);
  });
});

class RecordingProvider extends PushProvider {
  readonly delivered: Push[] = [];

  override async deliver(pushes: readonly Push[]): Promise<void> {
    this.delivered.push(...pushes);
  }
}

/** The inbox without the records, with a provider of its own. */
function inboxWith<P extends PushProvider>(provider: P, entries = 1_000) {
  const database = push.app.get(UserDatabase, { strict: false });
  const metrics = new PushMetrics(new Metrics('push'));
  const log = push.app.get(Log, { strict: false });
  const trim = new InboxTrim(new InboxRepository(database), new InboxSize(entries), metrics, log);
  const inbox = new InboxService(new InboxRepository(database), provider, trim, metrics, log);
  const count = async (counter: Counter) => (await counter.get()).values[0]?.value;
  return { inbox, provider, trim, metrics, count, database };
}

describe('the provider', () => {
  it('gets a push once although its record is delivered again', async () => {
    const { inbox, provider, metrics, count } = inboxWith(new RecordingProvider());
    const [alice, bob, channel] = [somebody(), somebody(), randomInt(2 ** 40)];
    await inbox.receive([messageFor([alice], channel, 1)]);
    await inbox.receive([messageFor([alice, bob], channel, 1), messageFor([bob], channel, 2)]);
    expect(provider.delivered.map(({ userId: who, id }) => [who, id])).toEqual([
      [alice, `m-${channel}-1`],
      [bob, `m-${channel}-1`],
      [bob, `m-${channel}-2`],
    ]);
    expect([await count(metrics.recorded), await count(metrics.repeated)]).toEqual([3, 1]);
  });

  it('is told of many people at once', async () => {
    const { inbox, provider } = inboxWith(new RecordingProvider());
    const crowd = Array.from({ length: 1_200 }, somebody);
    await inbox.receive([messageFor(crowd, randomInt(2 ** 40), 1)]);
    await inbox.receive([messageFor(crowd, randomInt(2 ** 40), 1)]);
    expect(provider.delivered).toHaveLength(2_400);
  });

  it('that fails costs no entry and holds nothing up', async () => {
    class BrokenProvider extends PushProvider {
      override deliver(): Promise<void> {
        return Promise.reject(new Error('no way to any device'));
      }
    }
    const { inbox, metrics, count } = inboxWith(new BrokenProvider());
    const alice = somebody();
    await inbox.receive([messageFor([alice], randomInt(2 ** 40), 1)]);
    expect(await inbox.newest(alice, 10)).toHaveLength(1);
    expect(await count(metrics.providerFailures)).toBe(1);
  });
});

describe('an inbox that has grown too large', () => {
  /** As if all of it had come one millisecond after the other, and long enough ago. */
  const age = (database: UserDatabase, people: readonly UserId[]) =>
    database.source.query(
      `UPDATE push_inbox SET created_at = CURRENT_TIMESTAMP - INTERVAL 11 MINUTE
       + INTERVAL message_sequence * 1000 MICROSECOND WHERE user_id IN (?)`,
      [people],
    );

  it('keeps the newest entries, is trimmed in steps, and leaves those of others alone', async () => {
    const { inbox, trim, metrics, count, database } = inboxWith(new RecordingProvider(), 20);
    const [alice, bob, channel] = [somebody(), somebody(), randomInt(2 ** 40)];
    const messages = Array.from({ length: 1_200 }, (_, i) => messageFor(i < 15 ? [alice, bob] : [alice], channel, i));
    await inbox.receive(messages);
    await trim.trim();
    expect(await count(metrics.trimmed)).toBe(0);
    // Nothing comes after the burst.
    await age(database, [alice, bob]);
    await trim.trim();
    expect(sequences(await inbox.newest(alice, 200))).toEqual(Array.from({ length: 20 }, (_, i) => 1_199 - i));
    expect(await inbox.newest(bob, 200)).toHaveLength(15);
    expect(await count(metrics.trimmed)).toBe(1_180);
  });

  it('is looked after again when the database could not be asked', async () => {
    const { inbox, metrics, count, database } = inboxWith(new RecordingProvider());
    const [alice, channel] = [somebody(), randomInt(2 ** 40)];
    await inbox.receive([1, 2, 3].map((sequence) => messageFor([alice], channel, sequence)));
    await age(database, [alice]);
    const late = new UserDatabase(databaseOptionsFrom(config));
    const log = push.app.get(Log, { strict: false });
    const trim = new InboxTrim(new InboxRepository(late), new InboxSize(1), metrics, log);
    trim.grown(alice);
    await trim.trim();
    expect(await count(metrics.trimmed)).toBe(0);
    late.open();
    await eventually(() => late.check());
    await trim.trim();
    await late.close();
    expect(sequences(await inbox.newest(alice, 10))).toEqual([3]);
    expect(await count(metrics.trimmed)).toBe(2);
  });
});
