import { DEAD_LETTER_TOPIC, messageRelay, messageRequest, pushNotification } from '@parley/contracts';
import { partitionOf } from '@parley/kafka';
import { channelOf, eventually, type KafkaAccess, PASSWORD, pushInbox, roomOf, stage, write } from '@parley/testing';

const { system, person } = await stage();

const tablesOf = async (database: string) =>
  (await system.rows(database, 'SHOW TABLES')).map((row) => String(Object.values(row)[0]));

describe('messages at rest', () => {
  it('are on the shard of their channel and nowhere else: odd channels on shard 1, even ones on shard 2', async () => {
    const [ann, bob] = [await person('ann'), await person('bob')];
    const channels = [await channelOf(ann, bob)];
    for (let i = 0; i < 5; i += 1) {
      const frame = { type: 'CREATE_REQUEST', title: `room ${i}`, participantUsernames: [bob.name] };
      channels.push((await ann.wire.ask(frame, 'CREATE_RESPONSE')).channelId);
    }
    expect(new Set(channels.map((channelId) => channelId % 2))).toEqual(new Set([0, 1]));
    for (const channelId of channels) await write(ann, channelId, `in ${channelId}`);
    for (const channelId of channels) {
      const found = await Promise.all(
        system.shards.map((shard) =>
          system.rows(shard, 'SELECT content FROM message WHERE channel_id = ?', [channelId]),
        ),
      );
      const expected = [`in ${channelId}`];
      expect(found.map((rows) => rows.map((row) => row['content']))).toEqual(
        channelId % 2 === 1 ? [expected, []] : [[], expected],
      );
      const [stored] = await system.rows(system.users, 'SELECT shard_id FROM channel WHERE channel_id = ?', [
        channelId,
      ]);
      expect(stored?.['shard_id']).toBe(channelId % 2 === 1 ? 1 : 2);
    }
  });

  it('lie in tables that the system has made by itself', async () => {
    expect(await tablesOf(system.users)).toEqual(
      expect.arrayContaining(['message_user', 'user_connection', 'channel', 'user_channel', 'push_inbox']),
    );
    for (const shard of system.shards) {
      expect(await tablesOf(shard)).toContain('message');
      const keys = await system.rows(shard, 'SHOW INDEX FROM message WHERE Non_unique = 0');
      const columnsOf = (key: string) =>
        keys.filter((row) => row['Key_name'] === key).map((row) => String(row['Column_name']));
      expect(columnsOf('PRIMARY')).toEqual(['channel_id', 'message_sequence']);
      expect(columnsOf('once')).toEqual(['channel_id', 'user_id', 'once']);
    }
  });

  it.each([
    [
      'user_connection',
      {
        PRIMARY: 'partner_a_user_id,partner_b_user_id',
        partner_b: 'partner_b_user_id',
        partner_a_status: 'partner_a_user_id,status',
        partner_b_status: 'partner_b_user_id,status',
        partners_status: 'partner_a_user_id,partner_b_user_id,status',
      },
    ],
    ['user_channel', { PRIMARY: 'user_id,channel_id', channel_id: 'channel_id' }],
  ])('belong to people who are found by the indexes of %s', async (table, expected) => {
    const rows = await system.rows(
      system.users,
      `SELECT index_name AS name, GROUP_CONCAT(column_name ORDER BY seq_in_index) AS parts
       FROM information_schema.statistics WHERE table_schema = DATABASE() AND table_name = ? GROUP BY index_name`,
      [table],
    );
    expect(Object.fromEntries(rows.map((row) => [row['name'], row['parts']]))).toEqual(expected);
  });

  it('are as they were written, in any script', async () => {
    const [ann, bob] = [await person('ann'), await person('bob')];
    const channelId = await channelOf(ann, bob);
    const texts = ["'; DROP TABLE message; --", '안녕 👋🏽', 'e\u0301 é', '\\ % _ "', ' padded '];
    for (const text of texts) await write(ann, channelId, text);
    expect((await system.storedMessages(channelId)).map(({ content }) => content)).toEqual(texts);
  });
});

describe('an account at rest', () => {
  it('has its password as an argon2id hash, different for each account', async () => {
    const people = [await person('ann'), await person('bob')];
    const hashes = await Promise.all(
      people.map(async ({ name }) => {
        const [row] = await system.rows(system.users, 'SELECT * FROM message_user WHERE username = ?', [name]);
        expect(JSON.stringify(row)).not.toContain(PASSWORD);
        return String(row?.['password']);
      }),
    );
    for (const hash of hashes) expect(hash).toMatch(/^\$argon2id\$v=19\$m=\d+,t=\d+,p=\d+\$/);
    expect(new Set(hashes).size).toBe(hashes.length);
  });

  it('has an invite code that is not used twice and counts its contacts', async () => {
    const [ann, bob] = [await person('ann'), await person('bob')];
    await channelOf(ann, bob);
    for (const { name } of [ann, bob]) {
      const [row] = await system.rows(
        system.users,
        'SELECT invite_code, connection_count FROM message_user WHERE username = ?',
        [name],
      );
      expect(row).toMatchObject({ invite_code: expect.stringMatching(/^[0-9a-f]{32}$/), connection_count: 1 });
    }
  });
});

describe('a record that nobody can handle', () => {
  const POISON = ['not JSON', '{"kind":"NOBODY_KNOWS"}', '[]'];
  let kafka: KafkaAccess;
  let dead: Awaited<ReturnType<KafkaAccess['follow']>>;
  beforeAll(async () => {
    kafka = await system.kafka();
    dead = await kafka.follow(DEAD_LETTER_TOPIC);
  });
  afterAll(() => kafka[Symbol.asyncDispose]());

  /** Puts poison under `key`; returns a function that waits until all of it is in the dead-letter topic. */
  async function poison(topic: string, key: string) {
    for (const value of POISON) await kafka.send(topic, { key, value, headers: { trace: 'poison' } });
    return (group: string) =>
      eventually(() => {
        const ours = dead.filter((record) => record.key === key && record.headers['dead-letter-topic'] === topic);
        expect(ours.map((record) => record.value.toString())).toEqual(POISON);
        for (const record of ours) {
          expect(record.headers).toMatchObject({
            trace: 'poison',
            'dead-letter-group': group,
            'dead-letter-partition': String(partitionOf(key, system.stack.topology.kafka.partitions)),
            'dead-letter-offset': expect.stringMatching(/^\d+$/),
            'dead-letter-reason': expect.stringMatching(/unreadable/),
            'dead-letter-attempts': expect.stringMatching(/^[1-9]\d*$/),
          });
        }
      }, 20_000);
  }

  it('among the messages of a channel is set aside, while the channel goes on within seconds', async () => {
    const [ann, bob] = [await person('ann'), await person('bob')];
    const channelId = await roomOf(ann, bob);
    const setAside = await poison(messageRelay.name, String(channelId));
    expect(await write(ann, channelId, 'unharmed')).toBe(1);
    expect(await bob.wire.next('NOTIFY_MESSAGE', undefined, 5_000)).toMatchObject({ content: 'unharmed' });
    await setAside('relay-group');
  }, 60_000);

  it('among the commands of a user is set aside, while the user is answered within seconds', async () => {
    const ann = await person('ann');
    const [row] = await system.rows(system.users, 'SELECT user_id FROM message_user WHERE username = ?', [ann.name]);
    const setAside = await poison(messageRequest.name, String(row?.['user_id']));
    await ann.wire.settle();
    await setAside('request-group');
  }, 60_000);

  it('among the pushes of a channel is set aside, while the next push arrives within seconds', async () => {
    const [ann, bob] = [await person('ann'), await person('bob')];
    const channelId = await channelOf(ann, bob);
    const setAside = await poison(pushNotification.name, `channel-${channelId}`);
    await write(ann, channelId, 'pushed all the same');
    await eventually(async () => {
      const entries = await pushInbox(system.server, bob);
      expect(entries.map(({ content }) => content)).toContain('pushed all the same');
    });
    await setAside('push-group');
  }, 60_000);
});
