import { WireClient } from '@parley/testing';
import { pick } from '../workload/random.js';
import type { Fault, Heal, Stage } from './fault.js';

const PARTITION_MS = 15_000;

const messageWithoutShard = async ({ network, random, hits }: Stage): Promise<Heal> => {
  const shard = pick(random, ['database-shard-1', 'database-shard-2']);
  hits(shard);
  const mend = network.part('message', shard);
  return async () => mend();
};

const connectionWithoutKafka = async ({ network }: Stage): Promise<Heal> => {
  const mend = network.part('connection', 'kafka-');
  return async () => mend();
};

const CROWD = { people: 20, devicesEach: 50 };

/** Members with very many devices, whose connections end in the same moment; all of them come back and read on. */
const crowdCut = async ({ workload }: Stage): Promise<Heal> => {
  const { line } = await workload.crowd(CROWD);
  await line.cut();
  return async () => undefined;
};

/** One message of this length fills what waits for a reader quickly. */
const LONG = '🐌'.repeat(1000);
const FLOOD_MS = 100;

/** A member who does not read what is sent, while somebody writes a lot. */
const slowReader = async ({ workload, system }: Stage): Promise<Heal> => {
  const { devices, rooms, cast } = workload.cohort;
  const [writer] = devices;
  const reader = devices.find((device) => device.user !== writer?.user && isMember(device.user));
  const [room] = rooms;
  if (writer === undefined || reader === undefined || room === undefined) throw new Error('Nobody is there to be slow');
  const session = reader.client.session?.cookie;
  const slow = await WireClient.connect(system.server, session);
  const { history } = workload;
  const asked = history.now();
  const { lastReadMessageSeqId: lastRead } = await slow.ask(
    { type: 'ENTER_REQUEST', channelId: room.id },
    'ENTER_RESPONSE',
  );
  // A screen like any other: what is sent to it is not pushed.
  history.add({ kind: 'entered', device: `${reader.user}/slow`, user: reader.user, channel: room.id, asked, lastRead });
  slow.pause();
  let serial = 1_000_000 + Math.round(performance.now()) * 1000;
  const timer = setInterval(() => {
    for (let count = 0; count < 3; count += 1) {
      serial += 1;
      writer.write(room.id, serial, `${serial} ${LONG.slice(0, 1900)}`);
    }
  }, FLOOD_MS);
  return async () => {
    clearInterval(timer);
    slow.cut();
  };

  function isMember(user: string): boolean {
    return cast.channels[0]?.some((member) => workload.cohort.users[member] === user) ?? false;
  }
};

export const NETWORK_FAULTS: readonly Fault[] = [
  {
    name: 'message-shard-parted',
    title: 'nothing passes between the message services and one shard for 15 s',
    lastsMs: PARTITION_MS,
    slow: true,
    full: true,
    inject: messageWithoutShard,
  },
  {
    name: 'connection-kafka-parted',
    title: 'nothing passes between the connection services and Kafka for 15 s',
    lastsMs: PARTITION_MS,
    slow: true,
    inject: connectionWithoutKafka,
  },
  {
    name: 'crowd-cut',
    title: '1,000 sockets are cut at once',
    lastsMs: 0,
    inject: crowdCut,
  },
  {
    name: 'slow-reader',
    title: 'a member does not read what is sent',
    lastsMs: 15_000,
    slow: true,
    inject: slowReader,
  },
];
