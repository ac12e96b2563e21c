import { randomUUID } from 'node:crypto';
import {
  type Delivery,
  messageRelay,
  type MessageRelay,
  messageRequest,
  type UserCommandFrame,
} from '@parley/contracts';
import { DependencyUnavailable, type InboundRecord, ProducerOverloaded } from '@parley/kafka';
import { createLogger } from '@parley/platform';
import { RequestConsumer } from '../src/request/request.consumer.js';
import { originOf, type Person, Workbench } from './workbench.js';

let bench: Workbench;
beforeAll(async () => {
  bench = await Workbench.open();
});
afterAll(() => bench.close());

/** A consumer whose records to Kafka are kept. */
function consumer(overload?: Error) {
  const delivered: Delivery[] = [];
  const relayed: MessageRelay[] = [];
  const subject = new RequestConsumer(
    bench.commands,
    bench.unregistration,
    createLogger({ service: 'message', instance: '1', level: 'silent' }),
    {
      deliver: async (_, deliveries) => {
        if (overload !== undefined) throw overload;
        delivered.push(...deliveries);
      },
    },
    {
      send: async (_, { value }) => {
        const record = messageRelay.decode(value);
        if (record.ok) relayed.push(record.value);
      },
    },
  );
  return { subject, delivered, relayed };
}

let offset = 0n;
const inbound = (value: string): InboundRecord => ({
  topic: messageRequest.name,
  partition: 0,
  offset: offset++,
  key: null,
  value: Buffer.from(value),
  headers: {},
  timestamp: 0,
});

const command = (asker: Person, frame: UserCommandFrame): InboundRecord =>
  inbound(messageRequest.encode({ kind: 'COMMAND', origin: originOf(asker, randomUUID()), frame }));

describe('a batch of requests', () => {
  it('keeps the order of each user among many users', async () => {
    const { subject, delivered } = consumer();
    const [ann, ...others] = await bench.people(20);
    if (ann === undefined) throw new Error('nobody');
    for (const other of others) await bench.ask(other, { type: 'INVITE_REQUEST', userInviteCode: ann.code });
    await subject.handle([
      ...others.map(({ name: username }) => command(ann, { type: 'ACCEPT_REQUEST', username })),
      ...others.map((other) => command(other, { type: 'FETCH_CHANNELS_REQUEST' })),
      ...others.map(({ name: username }) => command(ann, { type: 'DISCONNECT_REQUEST', username })),
      command(ann, { type: 'FETCH_CONNECTIONS_REQUEST', status: 'ACCEPTED' }),
    ]);
    const answers = delivered.filter(({ userId, only }) => userId === ann.id && only !== undefined);
    expect(answers.map(({ frame }) => frame)).toEqual([
      ...others.map(({ name }) => ({ type: 'ACCEPT_RESPONSE', username: name })),
      ...others.map(({ name }) => ({ type: 'DISCONNECT_RESPONSE', username: name, status: 'DISCONNECTED' })),
      { type: 'FETCH_CONNECTIONS_RESPONSE', connections: [] },
    ]);
  });

  it('hands the answer to a change of membership to the owner of the channel', async () => {
    const { subject, delivered, relayed } = consumer();
    const [ann, bob] = [await bench.person(), await bench.person()];
    await bench.befriend(ann, bob);
    const record = command(ann, { type: 'CREATE_REQUEST', title: 'room', participantUsernames: [bob.name] });
    await subject.handle([record]);
    await subject.handle([record]);
    expect(delivered).toEqual([]);
    expect(relayed[0]).toMatchObject({
      kind: 'MEMBERS_CHANGED',
      joined: [ann.id, bob.id],
      deliveries: [{ frame: { type: 'CREATE_RESPONSE' } }, { frame: { type: 'NOTIFY_JOIN' } }],
    });
    expect(relayed[1]).toEqual(relayed[0]);
    expect(await bench.headCounts(bob)).toEqual([2]);
  });

  it('with a record that nobody can read does nothing before that is known', async () => {
    const { subject, delivered } = consumer();
    const ann = await bench.person();
    const records = [command(ann, { type: 'LEAVE_REQUEST' }), inbound('{"kind":"COMMAND"}')];
    await expect(subject.handle(records)).rejects.toThrow('unreadable: origin');
    expect(delivered).toEqual([]);
  });

  it('waits for Kafka rather than setting its records aside', async () => {
    const { subject } = consumer(new ProducerOverloaded());
    const asked = subject.handle([command(await bench.person(), { type: 'LEAVE_REQUEST' })]);
    await expect(asked).rejects.toBeInstanceOf(DependencyUnavailable);
  });
});
