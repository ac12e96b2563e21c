import { createTopology } from '../topology.js';
import { brokerProperties } from './kafka.js';
import { initSql } from './mariadb.js';
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

describe('the SQL a database runs at start', () => {
  const source = the(full.databases, 'database-shard-1');
  const replica = the(full.databases, 'database-shard-1-replica');

  it('never enters the binary log', () => {
    expect(initSql(source, undefined, secrets).split('\n')[0]).toBe('SET SESSION sql_log_bin = 0;');
  });

  it('makes a replica follow its source by transaction ids', () => {
    expect(initSql(replica, { source, replica }, secrets)).toMatch(/MASTER_PORT=13308,.*MASTER_USE_GTID=slave_pos/);
    expect(initSql(source, undefined, secrets)).not.toContain('CHANGE MASTER');
  });

  it('lets only the source of the two take writes, whichever began as what', () => {
    const writable = 'SET GLOBAL read_only = 0;';
    expect(initSql(source, { source, replica }, secrets)).toContain(writable);
    expect(initSql(replica, { source, replica }, secrets)).not.toContain(writable);
    const switched = { source: replica, replica: source };
    expect(initSql(replica, switched, secrets)).toContain(writable);
    expect(initSql(source, switched, secrets)).not.toContain(writable);
    expect(initSql(source, switched, secrets)).toMatch(/MASTER_PORT=13309,/);
  });

  it('has one statement in each line, as the server reads it', () => {
    for (const line of initSql(replica, { source, replica }, secrets).trim().split('\n'))
      expect(line).toMatch(/^[A-Z].*;$/);
  });
});
