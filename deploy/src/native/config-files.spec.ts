import { createTopology, type DatabaseServer } from '../topology.js';
import { brokerProperties } from './kafka.js';
import type { DatabasePair } from './databases/database-state.js';
import { initSql, optionsOf } from './databases/databases.js';
import { MARIADB } from './databases/mariadb.js';
import { MYSQL } from './databases/mysql.js';
import { clusterFile, redisConfig } from './redis.js';

const full = createTopology({ profile: 'full' });
const secrets = { databasePassword: 'db-secret', redisPassword: 'redis-secret', replicationPassword: 'copy-secret' };

function the<T extends { name: string }>(parts: readonly T[], name: string): T {
  const found = parts.find((part) => part.name === name);
  if (found === undefined) throw new Error(`no ${name}`);
  return found;
}

describe('the Redis cluster file', () => {
  const lines = clusterFile(full.redis.nodes, the(full.redis.nodes, 'redis-2')).split('\n');

  it('covers all 16384 slots with the masters', () => {
    const ranges = lines.flatMap((line) => /connected (\d+)-(\d+)$/.exec(line)?.slice(1).map(Number) ?? []);
    expect(ranges).toEqual([0, 5460, 5461, 10922, 10923, 16383]);
  });

  it('marks exactly the node it is written for as itself', () => {
    expect(lines.filter((line) => line.includes('myself'))).toEqual([expect.stringContaining('127.0.0.1:17381@17391')]);
  });

  it('lets every replica follow its master', () => {
    const idOf = (port: number) => lines.find((line) => line.includes(`:${port}@`))?.split(' ')[0];
    expect(lines.find((line) => line.includes(':17384@'))).toContain(`slave ${idOf(17381)}`);
  });
});

describe('the Redis configuration', () => {
  const text = redisConfig(the(full.redis.nodes, 'redis-1'), true, '/state/redis-1', secrets.redisPassword);

  it('keeps every write and asks for the password', () => {
    expect(text).toContain('appendonly yes\n');
    expect(text).toContain('requirepass redis-secret\n');
    expect(text).toContain('masterauth redis-secret\n');
    expect(text).toContain('bind 127.0.0.1\n');
  });
});

describe('the broker properties', () => {
  const text = brokerProperties(full, the(full.kafka.brokers, 'kafka-3'), '/state/kafka-3');

  it('let no record be acknowledged by one broker alone', () => {
    expect(text).toContain('min.insync.replicas=2\n');
    expect(text).toContain('unclean.leader.election.enable=false\n');
    expect(text).toContain('default.replication.factor=3\n');
  });

  it('create no topic by accident', () => {
    expect(text).toContain('auto.create.topics.enable=false\n');
  });

  it('listen on this machine only', () => {
    expect(text).toContain('listeners=PLAINTEXT://127.0.0.1:19096,CONTROLLER://127.0.0.1:19106\n');
  });
});

describe.each([MARIADB, MYSQL])('the options of a $name database', (engine) => {
  const semiSynchronous = expect.arrayContaining([...engine.semiSynchronous]);

  it('let an acknowledgement wait for the replica, unless replication is to be asynchronous', () => {
    expect(optionsOf(engine, true, 'semi-synchronous')).toEqual(semiSynchronous);
    expect(optionsOf(engine, true, 'asynchronous').filter((option) => option.includes('semi'))).toEqual([]);
  });

  it('say nothing of replication for a server alone', () => {
    expect(optionsOf(engine, false, 'semi-synchronous')).toEqual(engine.alone);
  });
});

describe.each([
  [MARIADB, /^CHANGE MASTER TO .*MASTER_PORT=(\d+),.*MASTER_USE_GTID=slave_pos/m],
  [MYSQL, /^CHANGE REPLICATION SOURCE TO .*SOURCE_PORT=(\d+),.*SOURCE_AUTO_POSITION=1/m],
])('the SQL that a $name database runs at start', (engine, follows) => {
  const source = the(full.databases, 'database-shard-1');
  const replica = the(full.databases, 'database-shard-1-replica');
  const sqlOf = (server: DatabaseServer, pair?: DatabasePair) => initSql(engine, server, pair, secrets);

  it('never enters the binary log', () => {
    expect(sqlOf(source).split('\n')[0]).toBe('SET SESSION sql_log_bin = 0;');
  });

  it('makes a replica follow its source by transaction ids', () => {
    expect(follows.exec(sqlOf(replica, { source, replica }))?.[1]).toBe('13308');
    expect(sqlOf(source)).not.toMatch(follows);
  });

  it('lets only the source of the two take writes, whichever began as what', () => {
    const writable = 'SET GLOBAL read_only = 0;';
    expect(sqlOf(source, { source, replica })).toContain(writable);
    expect(sqlOf(replica, { source, replica })).not.toContain(writable);
    const switched = { source: replica, replica: source };
    expect(sqlOf(replica, switched)).toContain(writable);
    expect(sqlOf(source, switched)).not.toContain(writable);
    expect(follows.exec(sqlOf(source, switched))?.[1]).toBe('13309');
  });

  it('has one statement in each line, as the server reads it', () => {
    for (const line of sqlOf(replica, { source, replica }).trim().split('\n')) expect(line).toMatch(/^[A-Z].*;$/);
  });
});
