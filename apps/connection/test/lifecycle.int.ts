import { NOTIFICATION_TOPIC_PREFIX, redisKeys, sessionHash } from '@parley/contracts';
import { channelId, seq } from '@parley/protocol';
import { eventually } from '@parley/testing';
import { ConnectionFixture } from './connection-fixture.js';

const TOPIC = (server: ConnectionFixture) => `${NOTIFICATION_TOPIC_PREFIX}${server.server}`;
const room = channelId(5);
const entered = {
  type: 'ENTER_RESPONSE' as const,
  channelId: room,
  title: 'room',
  lastReadMessageSeqId: seq(0),
  lastChannelMessageSeqId: seq(4),
};

describe('presence', () => {
  let server: ConnectionFixture;
  beforeAll(async () => {
    server = await ConnectionFixture.start();
  }, 60_000);
  afterAll(async () => server[Symbol.asyncDispose]());

  const deltas = () => server.presence.flatMap((record) => (record.kind === 'DELTA' ? [record] : []));
  const snapshots = () => server.presence.flatMap((record) => (record.kind === 'SNAPSHOT' ? [record] : []));

  it('tells of a new socket, of the channel it shows, and of its end', async () => {
    const { userId, connection, wire } = await server.visitor();
    expect(server.announced(userId)[0]).toEqual({ connection, userId });
    await server.letIn({ wire, connection, userId }, entered);
    await eventually(() => expect(server.announced(userId).at(-1)).toEqual({ connection, userId, channelId: room }));
    await server.answer({ connection, userId }, { type: 'QUIT_RESPONSE', channelId: room });
    await eventually(() => expect(server.announced(userId).at(-1)).toEqual({ connection, userId }));
    await wire[Symbol.asyncDispose]();
    await eventually(() => expect(deltas().flatMap(({ closed }) => closed)).toContain(connection));
  });

  it('gives a sign of life each second and the whole picture every four', async () => {
    const known = [deltas().length, snapshots().length];
    await eventually(() => {
      expect(deltas().length).toBeGreaterThan((known[0] ?? 0) + 1);
      expect(snapshots().length).toBeGreaterThan(known[1] ?? 0);
    });
  });

  it('gives the whole picture when a message service asks', async () => {
    const { userId, connection, wire } = await server.visitor();
    await server.letIn({ wire, connection, userId }, entered);
    await eventually(() => expect(server.announced(userId).at(-1)).toHaveProperty('channelId', room));
    const known = snapshots().length;
    await server.control({ kind: 'SNAPSHOT_WANTED' });
    await eventually(() => expect(snapshots().length).toBeGreaterThan(known), 2_000);
    expect(snapshots().at(-1)).toMatchObject({
      connections: expect.arrayContaining([{ connection, userId, channelId: room }]),
      cursors: [[room, 4]],
    });
    await wire[Symbol.asyncDispose]();
  });
});

describe('the end of a session', () => {
  let server: ConnectionFixture;
  beforeAll(async () => {
    server = await ConnectionFixture.start({ SESSION_TTL_SECONDS: '2' });
  }, 60_000);
  afterAll(async () => server[Symbol.asyncDispose]());

  it('closes all sockets of the session, and no others of the user', async () => {
    const first = await server.visitor();
    const second = await server.connect(first.userId, first.cookie);
    const name = `user${first.userId}`;
    const otherCookie = await server.sessions.create({ userId: first.userId, username: name });
    const other = await server.connect(first.userId, otherCookie);
    await server.control({ kind: 'SESSION_ENDED', session: sessionHash(first.cookie) ?? '' });
    for (const { wire } of [first, second]) {
      expect(await wire.untilClosed(1_000)).toEqual({ code: 4100, reason: 'Session ended' });
    }
    expect(other.wire.closed).toBeUndefined();
    other.wire.cut();
  });

  it('by expiry closes the socket soon after', async () => {
    const { wire } = await server.visitor();
    expect(await wire.untilClosed(5_000)).toMatchObject({ code: 4100 });
  });

  it('is put off by frames, and by another device that uses the session', async () => {
    const quiet = await server.visitor();
    const busy = await server.connect(quiet.userId, quiet.cookie);
    // Each of two others begins later and is over by itself, one after the other.
    for (const unused of ['first', 'second']) {
      const { wire } = await server.visitor();
      await eventually(() => {
        busy.wire.send({ type: 'KEEP_ALIVE' });
        expect([unused, wire.closed]).toEqual([unused, expect.objectContaining({ code: 4100 })]);
      });
    }
    expect([quiet.wire.closed, busy.wire.closed]).toEqual([undefined, undefined]);
    for (const { wire } of [quiet, busy]) expect(await wire.untilClosed(6_000)).toMatchObject({ code: 4100 });
  }, 30_000);

  it('is noticed with the next frame when nobody has told of it', async () => {
    const { cookie, wire } = await server.visitor();
    const session = await server.sessions.find(cookie);
    if (session !== undefined) await server.sessions.end(session);
    await eventually(() => {
      wire.send({ type: 'KEEP_ALIVE' });
      expect(wire.closed).toMatchObject({ code: 4100 });
    });
  });
});

describe('a peer that has vanished', () => {
  it('is closed when it does not answer a ping', async () => {
    await using server = await ConnectionFixture.start({ PING_SECONDS: '1' });
    const [gone, alive] = [await server.visitor(), await server.visitor()];
    gone.wire.pause();
    const closed = () => server.presence.flatMap((record) => (record.kind === 'DELTA' ? record.closed : []));
    await eventually(() => expect(closed()).toContain(gone.connection));
    expect(alive.wire.closed).toBeUndefined();
    gone.wire.cut();
    alive.wire.cut();
  }, 60_000);
});

describe('an orderly stop', () => {
  it('sends the sockets away, passes on what they have begun, and leaves nothing behind', async () => {
    await using server = await ConnectionFixture.start();
    const { redis } = server;
    const visitors = [await server.visitor(), await server.visitor(), await server.visitor()];
    const [ann] = visitors;
    if (ann === undefined) throw new Error('nobody came');
    await server.letIn(ann, entered);
    await ann.wire.next('ENTER_RESPONSE');
    ann.wire.send({ type: 'READ_MESSAGE_ACK', channelId: room, messageSeqId: seq(4) });
    ann.wire.send({ type: 'WRITE_MESSAGE', serial: 1, channelId: room, content: 'last words' });
    await eventually(() => expect(server.relayed('WRITE')).toHaveLength(1));
    expect(await redis.exists(redisKeys.connectionServer(server.server))).toBe(1);
    expect(await server.admin.listTopics()).toContain(TOPIC(server));
    expect(await server.groups(`listen-group-${server.server}-`)).not.toEqual([]);

    const whereabouts = visitors.map(({ userId }) => redisKeys.userServers(userId));
    const entries = () => Promise.all(whereabouts.map((key) => redis.zcard(key)));
    await eventually(async () => expect(await entries()).toEqual([1, 1, 1]));

    const began = Date.now();
    await server.stop();
    expect(Date.now() - began).toBeLessThan(5_000);
    for (const { wire } of visitors) expect(await wire.untilClosed()).toMatchObject({ code: 1001 });
    await eventually(() => expect(server.presence.at(-1)).toMatchObject({ kind: 'GONE' }));
    expect(server.relayed('READS')).toMatchObject([{ channelId: room, positions: [{ seq: 4 }] }]);
    expect(server.relayed('VIEWER_LEFT')).toMatchObject([{ channelId: room, seen: 4 }]);
    await eventually(async () => expect(await server.admin.listTopics()).not.toContain(TOPIC(server)));
    await using another = await ConnectionFixture.start();
    for (const key of [redisKeys.connectionServer(server.server), ...whereabouts]) {
      expect(await another.redis.exists(key)).toBe(0);
    }
  }, 60_000);
});

describe('a server whose topic was taken away', () => {
  it('is not ready until it has the topic again, and is told everything from then on', async () => {
    await using server = await ConnectionFixture.start();
    const visitor = await server.visitor();
    const isTold = async (username: string): Promise<void> => {
      await server.answer(visitor, { type: 'ASK_INVITE', username });
      await visitor.wire.next('ASK_INVITE', (frame) => frame.username === username, 1_000);
    };
    const readiness = async () => (await fetch(`${server.url}/health/ready`)).status;
    // The records of the new topic have lower numbers than these.
    for (const username of ['ann', 'bob', 'cat']) await isTold(username);
    await server.admin.deleteTopic(TOPIC(server));
    await eventually(async () => expect(await readiness()).toBe(503), 30_000);
    await eventually(() => isTold('dan'), 45_000);
    await eventually(async () => expect(await readiness()).toBe(200));
    await isTold('eve');
    visitor.wire.cut();
  }, 120_000);
});

describe('the topics of dead servers', () => {
  it('are swept away, unless Redis or Consul knows the server, if only at the second look', async () => {
    await using helper = await ConnectionFixture.start();
    const names = ['dead', 'alive', 'late'].map((name) => `${name}${Date.now()}`);
    const [dead = '', alive = '', late = ''] = names;
    for (const name of names) {
      await helper.admin.ensureTopic(`${NOTIFICATION_TOPIC_PREFIX}${name}`, { partitions: 1, replicationFactor: 1 });
    }
    const sign = (server: string) => helper.redis.set(redisKeys.connectionServer(server), 'boot', 'EX', 60);
    await sign(alive);
    const consul = process.env['CONSUL_URLS'] ?? '';
    await using sweeping = await ConnectionFixture.start({ CONSUL_URLS: consul });
    // Its first sign did not arrive while Redis was still coming up.
    await sign(late);
    await eventually(async () => {
      expect(await sweeping.admin.listTopics()).not.toContain(`${NOTIFICATION_TOPIC_PREFIX}${dead}`);
    }, 40_000);
    const topics = await sweeping.admin.listTopics();
    for (const server of [alive, late]) expect(topics).toContain(`${NOTIFICATION_TOPIC_PREFIX}${server}`);
    expect(topics).toContain(TOPIC(sweeping));
    for (const server of [alive, late]) await helper.admin.deleteTopic(`${NOTIFICATION_TOPIC_PREFIX}${server}`);
  }, 60_000);
});
