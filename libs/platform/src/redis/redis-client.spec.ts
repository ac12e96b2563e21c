import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { Log } from '../logging/log.js';
import { checkRedis, createRedis, reconnectDelay, type RedisClient } from './redis-client.js';

const PASSWORD = 'f83kd02mx7qp';

/** Tells what was said of a client's outages. */
function recorder() {
  const lines: string[] = [];
  const say = (details: object | string, text?: string): void => void lines.push(text ?? JSON.stringify(details));
  const log: Partial<Log> = { info: say, warn: say };
  return { lines, log: log as Log };
}

describe('the pause before Redis is tried again', () => {
  it('grows up to a second and is spread', () => {
    for (const [attempt, most] of [
      [1, 100],
      [3, 400],
      [9, 1_000],
      [50, 1_000],
    ] as const) {
      const pause = reconnectDelay(attempt);
      expect(pause).toBeGreaterThanOrEqual(most / 2);
      expect(pause).toBeLessThanOrEqual(most);
    }
  });
});

describe('a Redis', () => {
  let server: Server;
  let peers: Socket[];
  let redis: RedisClient | undefined;
  let onPeer: (peer: Socket) => void;

  beforeEach(async () => {
    peers = [];
    server = createServer((peer) => {
      peers.push(peer);
      peer.on('error', () => undefined);
      onPeer(peer);
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
  });
  afterEach(() => {
    redis?.disconnect();
    for (const peer of peers) peer.destroy();
    server.close();
  });

  const connect = (more: { REDIS_CLUSTER?: boolean; REDIS_SSL?: boolean; REDIS_USERNAME?: string }, log: Log) => {
    const { port } = server.address() as AddressInfo;
    redis = createRedis(
      {
        REDIS_NODES: [{ host: '127.0.0.1', port }],
        REDIS_CLUSTER: false,
        REDIS_PASSWORD: PASSWORD,
        REDIS_SSL: false,
        ...more,
      } as Parameters<typeof createRedis>[0],
      log,
    );
    return redis;
  };

  it('that refuses the login says so in words that name the variables', async () => {
    const { lines, log } = recorder();
    onPeer = (peer) => peer.on('data', () => peer.write('-WRONGPASS invalid username-password pair\r\n'));
    const client = connect({ REDIS_USERNAME: 'ann' }, log);
    await expect(checkRedis(client)).rejects.toThrow('Redis does not answer: ');
    expect(lines).toContain('Redis refuses the login: check REDIS_USERNAME and REDIS_PASSWORD');
  });

  it('that does not speak the encryption it is spoken to with is away, and said to be so once', async () => {
    const { lines, log } = recorder();
    onPeer = (peer) => peer.destroy();
    const client = connect({ REDIS_SSL: true }, log);
    await expect(checkRedis(client)).rejects.toThrow('Redis does not answer: ');
    await expect(checkRedis(client)).rejects.toThrow('Redis does not answer: ');
    expect(lines).toEqual(['Redis is away, will keep trying']);
  });

  it('cluster without a reachable node fails commands soon, and at once after a second', async () => {
    const { log } = recorder();
    onPeer = (peer) => peer.destroy();
    const client = connect({ REDIS_CLUSTER: true }, log);
    await expect(checkRedis(client)).rejects.toThrow('Redis does not answer: ');
    for (;;) {
      const failure = await client.get('key').catch((error: unknown) => String(error));
      if (failure === 'Error: no node of the Redis cluster is reachable') break;
    }
    const before = performance.now();
    await expect(client.get('key')).rejects.toThrow('no node of the Redis cluster is reachable');
    expect(performance.now() - before).toBeLessThan(1_000);
  });
});

describe('the word about a Redis that does not answer', () => {
  const silentBecause = (reason: unknown) => {
    const redis = { ping: () => Promise.reject(reason) };
    return checkRedis(redis as unknown as RedisClient);
  };

  it('hints at the variable when the connection is cut, as a port does that expects the other kind of one', async () => {
    await expect(silentBecause(new Error('read ECONNRESET'))).rejects.toThrow(
      'Redis does not answer: read ECONNRESET; if this lasts, check REDIS_SSL',
    );
  });

  it('does not make up a reason', async () => {
    await expect(silentBecause('cut')).rejects.toThrow('Redis does not answer: no reason');
  });
});
