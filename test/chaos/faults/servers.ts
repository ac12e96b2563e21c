import { Balancer } from '@parley/testing';
import { pick, shuffled } from '../workload/random.js';
import { type Fault, type Heal, SHORT_PAUSE_MS, type Stage, TAKEOVER_MS } from './fault.js';
import { byTurns, killed, paused, type Target } from './processes.js';
import { redisMasters } from './redis.js';

const brokers = ({ system }: Stage): string[] => system.stack.topology.kafka.brokers.map(({ name }) => name);
const consuls = ({ system }: Stage): string[] => system.stack.topology.consul.map(({ name }) => name);
const balancers = ({ system }: Stage): string[] => system.stack.topology.balancers.map(({ name }) => name);
const redisNodes = ({ system }: Stage): string[] => system.stack.topology.redis.nodes.map(({ name }) => name);

/** Every broker leads a part of each topic, so each is the leader of partitions in use. */
const anyBroker: Target = (stage) => [pick(stage.random, brokers(stage))];

const twoBrokers: Target = (stage) => shuffled(stage.random, brokers(stage)).slice(0, 2);

/** The server that the others follow now. */
const consulLeader: Target = async ({ system }) => {
  const response = await fetch(`${system.stack.urls.consul[0]}/v1/status/leader`);
  const address = String(await response.json());
  return system.stack.topology.consul.flatMap(({ name, rpcPort }) => (address.endsWith(`:${rpcPort}`) ? [name] : []));
};

const redisMaster: Target = async (stage) => {
  const masters = await redisMasters(stage.system);
  return byTurns(() => masters)(stage);
};

const database =
  (name: string): Target =>
  () => [name];

const anyShard: Target = (stage) => [pick(stage.random, ['database-shard-1', 'database-shard-2'])];
const anyShardReplica: Target = async (stage) => (await anyShard(stage)).map((name) => `${name}-replica`);

/** An agent and its nginx: without its agent, nginx would serve on. */
async function killBalancer(stage: Stage): Promise<Heal> {
  const names = await byTurns(balancers)(stage);
  const struck = await Promise.all(names.map((name) => Balancer.of(stage.system.stack, name)));
  for (const name of names) stage.hits(name);
  for (const balancer of struck) await balancer.kill();
  return async () => {
    for (const balancer of struck) await balancer.start();
  };
}

/** A session that is gone is found gone by the next sign of life of its device. */
const LOGIN_AGAIN_MS = 15_000;

/** Partitions need leaders first. */
const ELECTION_MS = 15_000;

export const SERVER_FAULTS: readonly Fault[] = [
  {
    name: 'broker-killed',
    title: 'a Kafka broker is killed',
    lastsMs: 10_000,
    pauseWithinMs: TAKEOVER_MS,
    resumeWithinMs: ELECTION_MS,
    full: true,
    inject: killed(anyBroker),
  },
  {
    name: 'two-brokers-killed',
    title: 'two of three Kafka brokers are killed',
    lastsMs: 8000,
    resumeWithinMs: ELECTION_MS,
    full: true,
    inject: killed(twoBrokers),
  },
  {
    name: 'broker-paused',
    title: 'a Kafka broker stands still for 20 s',
    lastsMs: 20_000,
    pauseWithinMs: TAKEOVER_MS,
    resumeWithinMs: ELECTION_MS,
    slow: true,
    full: true,
    inject: paused(anyBroker),
  },
  {
    name: 'kafka-killed',
    title: 'all of Kafka is killed',
    lastsMs: 5000,
    resumeWithinMs: ELECTION_MS,
    inject: killed(brokers),
  },
  {
    name: 'redis-master-killed',
    title: 'a Redis master is killed, each by turns',
    lastsMs: 8000,
    pauseWithinMs: SHORT_PAUSE_MS,
    turns: 3,
    full: true,
    inject: killed(redisMaster),
  },
  {
    name: 'redis-killed',
    title: 'all of Redis is killed',
    lastsMs: 5000,
    inject: killed(redisNodes),
  },
  {
    name: 'redis-flushed',
    title: 'all of Redis is emptied',
    lastsMs: 0,
    inject: async ({ system, workload }) => {
      const { sessions } = workload;
      await system.flushRedis();
      return () => workload.loggedInAgain(sessions, LOGIN_AGAIN_MS);
    },
  },
  {
    name: 'shard-source-killed',
    title: 'the source of a shard is killed',
    lastsMs: 8000,
    full: true,
    inject: killed(anyShard),
  },
  {
    name: 'shard-source-paused',
    title: 'the source of a shard stands still for 20 s',
    lastsMs: 20_000,
    slow: true,
    full: true,
    inject: paused(anyShard),
  },
  {
    name: 'shard-replica-killed',
    title: 'the replica of a shard is killed',
    lastsMs: 8000,
    pauseWithinMs: SHORT_PAUSE_MS,
    full: true,
    inject: killed(anyShardReplica),
  },
  {
    name: 'users-source-killed',
    title: 'the source of the user database is killed',
    lastsMs: 8000,
    full: true,
    inject: killed(database('database-users')),
  },
  {
    name: 'consul-leader-killed',
    title: 'the leader of Consul is killed',
    lastsMs: 8000,
    pauseWithinMs: SHORT_PAUSE_MS,
    full: true,
    inject: killed(consulLeader),
  },
  {
    name: 'consul-killed',
    title: 'all of Consul is killed',
    lastsMs: 8000,
    inject: killed(consuls),
  },
  {
    name: 'balancer-killed',
    title: 'a load balancer is killed, each by turns',
    lastsMs: 5000,
    pauseWithinMs: SHORT_PAUSE_MS,
    turns: 2,
    full: true,
    inject: killBalancer,
  },
];
