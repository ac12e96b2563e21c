import { BrokerPool, ConsumerGroup } from './one-at-a-time.js';
import { silentLog } from './silent-log.js';

const TOPIC = 'topic';
const logger = { namespace: () => logger, ...silentLog };
const turn = () => new Promise((resolve) => setImmediate(resolve));

/** What Kafka says to a member that is given no partitions. */
const nothing = { memberAssignment: Buffer.alloc(0) };

function group(syncs: Promise<typeof nothing>[]) {
  /** As whom it has joined. */
  const joins: string[] = [];
  const refreshes: string[] = [];
  const coordinator = {
    joinGroup: ({ memberId }: { memberId: string }) => {
      joins.push(memberId);
      return Promise.resolve({ generationId: joins.length, leaderId: 'another', memberId: 'me', members: [] });
    },
    syncGroup: () => syncs.shift(),
  };
  const cluster = {
    findGroupCoordinator: async () => coordinator,
    refreshMetadata: async () => void refreshes.push('metadata'),
    findTopicPartitionMetadata: () => [],
    committedOffsets: () => ({}),
  };
  const consumer = new ConsumerGroup({
    cluster,
    groupId: 'group',
    topics: [TOPIC],
    topicConfigurations: {},
    logger,
    instrumentationEmitter: { emit: () => undefined },
    assigners: [],
    retry: { retries: 0 },
  });
  return { consumer, joins: () => joins, refreshes };
}

describe('a consumer', () => {
  it('joins its group once, however many of its fetches ask for it at once', async () => {
    const sync = Promise.withResolvers<typeof nothing>();
    const { consumer, joins } = group([sync.promise]);
    const both = Promise.all([consumer.joinAndSync(), consumer.joinAndSync()]);
    await turn();
    expect(joins()).toEqual(['']);
    sync.resolve(nothing);
    await both;
  });

  it('goes on as the same member when its group changes hands while it joins', async () => {
    const moving = Object.assign(new Error('loading'), { type: 'GROUP_LOAD_IN_PROGRESS' });
    const { consumer, joins } = group([Promise.reject(moving), Promise.resolve(nothing)]);
    await consumer.joinAndSync();
    expect([joins(), consumer.memberId]).toEqual([['', 'me'], 'me']);
  });

  it('joins again when that is asked for later, whatever became of the first time', async () => {
    const { consumer, joins } = group([Promise.reject(new Error('refused')), Promise.resolve(nothing)]);
    await expect(consumer.joinAndSync()).rejects.toThrow('refused');
    await consumer.joinAndSync();
    expect(joins()).toEqual(['', 'me']);
  });
});

describe('a fetch', () => {
  it.each(['NOT_LEADER_FOR_PARTITION', 'UNKNOWN_TOPIC_OR_PARTITION'])(
    'that is told %s looks up who leads, and leaves the group alone',
    async (type) => {
      const { consumer, joins, refreshes } = group([Promise.resolve(nothing)]);
      await consumer.recoverFromFetch(Object.assign(new Error('stale'), { type }));
      expect([refreshes, joins()]).toEqual([['metadata'], []]);
    },
  );

  it('that finds other partitions than its own leaves joining to the consumer, as every fetch has to end before', async () => {
    const { consumer, joins } = group([Promise.resolve(nothing)]);
    const gone = Object.assign(new Error('no such partition'), { name: 'KafkaJSStaleTopicMetadataAssignment' });
    await expect(consumer.recoverFromFetch(gone)).rejects.toMatchObject({ type: 'REBALANCE_IN_PROGRESS' });
    expect(joins()).toEqual([]);
  });

  it('that fails for any other reason is left to kafkajs', async () => {
    const { consumer } = group([]);
    await expect(consumer.recoverFromFetch(new Error('else'))).rejects.toThrow('else');
  });
});

describe('a client', () => {
  /** A pool that knows brokers 1 and 2; `leave` is called to close the connection to the second one. No brokers are no answer. */
  function pool(answers: (readonly number[])[], leave: () => Promise<void>) {
    const broker = (nodeId: number) => ({
      nodeId,
      connectionPool: { host: 'broker', port: nodeId },
      isConnected: () => true,
      disconnect: () => (nodeId === 2 ? leave() : Promise.resolve()),
      metadata: async () => {
        const ids = answers.shift() ?? [];
        if (ids.length === 0) throw new Error('away');
        return { brokers: ids.map((id) => ({ nodeId: id, host: 'broker', port: id, rack: null })) };
      },
    });
    const connectionPoolBuilder = { build: async (address: object) => address };
    const made = new BrokerPool({
      connectionPoolBuilder,
      logger,
      retry: { retries: 0 },
      metadataMaxAge: 1_000,
    });
    return Object.assign(made, {
      brokers: { 1: broker(1), 2: broker(2) },
      seedBroker: broker(1),
      createBroker: ({ nodeId }: { nodeId: number }) => broker(nodeId),
    });
  }

  it('knows a broker that came back while it was still taking leave of it', async () => {
    const leaving = Promise.withResolvers<void>();
    const left = Promise.withResolvers<void>();
    const brokers = pool([[1], [1, 2]], () => {
      leaving.resolve();
      return left.promise;
    });
    const first = brokers.refreshMetadata([TOPIC]);
    await leaving.promise;
    const second = brokers.refreshMetadata([TOPIC]);
    await turn();
    left.resolve();
    await Promise.all([first, second]);
    expect(Object.keys(brokers.brokers)).toEqual(['1', '2']);
  });

  it('asks again after a question that nobody could answer', async () => {
    const brokers = pool([[], [1]], () => Promise.resolve());
    const [first, second] = await Promise.allSettled([
      brokers.refreshMetadata([TOPIC]),
      brokers.refreshMetadata([TOPIC]),
    ]);
    expect([first.status, second.status, Object.keys(brokers.brokers)]).toEqual(['rejected', 'fulfilled', ['1']]);
  });
});
