import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { BatchingProducer, createKafka, KafkaAdmin } from '../src/index.js';
import { Lines } from '../src/lines.js';
import { brokers, KafkaFixture, log } from './fixture.js';

const HEARTBEAT = 12;
const JOIN_GROUP = 11;
const PATIENCE = { firstAnswerMs: 100, answerMs: 300 };

/** As kafkajs writes it: the length, then the number of the request. */
function request(number: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeInt16BE(number, 4);
  return bytes;
}

/** A broker that stands still: its machine accepts connections and takes what is sent, and nothing comes back. */
let still: Server;
let accepted: Socket[];
let lines: Lines;

const address = (): { host: string; port: number } => ({
  host: '127.0.0.1',
  port: (still.address() as AddressInfo).port,
});

beforeEach(async () => {
  accepted = [];
  lines = new Lines(PATIENCE);
  still = createServer((socket) => accepted.push(socket)).listen(0, '127.0.0.1');
  await once(still, 'listening');
});

afterEach(async () => {
  lines.cut();
  for (const socket of accepted) socket.destroy();
  still.close();
  await once(still, 'close');
});

/** What kafkajs is told about the connection, in order. */
async function connected(): Promise<{ socket: Socket; events: string[]; closed: Promise<unknown> }> {
  const events: string[] = [];
  const ready = Promise.withResolvers<void>();
  const socket = lines.factory({ ...address(), ssl: undefined as never, onConnect: () => ready.resolve() });
  for (const name of ['end', 'timeout']) socket.on(name, () => events.push(name));
  const closed = once(socket, 'close');
  await ready.promise;
  return { socket, events, closed };
}

async function answered() {
  const line = await connected();
  line.socket.write(request(HEARTBEAT));
  accepted[0]?.write('answer');
  await once(line.socket, 'data');
  return line;
}

describe('a connection on which no answer comes', () => {
  it('counts as one that could not be made while the client has heard of nobody yet', async () => {
    const { socket, events, closed } = await connected();
    socket.write(request(HEARTBEAT));
    await closed;
    expect(events).toEqual(['timeout']);
  });

  it('counts as ended by the broker later on', async () => {
    const { socket, events, closed } = await answered();
    socket.write(request(HEARTBEAT));
    await closed;
    expect(events).toEqual(['end']);
  });

  it('takes all others to the same broker with it, even those on which something may take long', async () => {
    const first = await answered();
    const second = await connected();
    second.socket.write(request(JOIN_GROUP));
    first.socket.write(request(HEARTBEAT));
    await Promise.all([first.closed, second.closed]);
    expect(second.events).toEqual(['end']);
  });

  it('is kept while nothing is asked, or something that may take long', async () => {
    const idle = await answered();
    const joining = await connected();
    joining.socket.write(request(JOIN_GROUP));
    // By the end of this one the others would be gone too.
    const slower = new Lines({ firstAnswerMs: 2 * PATIENCE.answerMs });
    const witness = slower.factory({ ...address(), ssl: undefined as never, onConnect: () => undefined });
    witness.write(request(HEARTBEAT));
    await once(witness, 'close');
    expect([idle.socket.destroyed, joining.socket.destroyed]).toEqual([false, false]);
  });
});

describe('a broker that stands still', () => {
  it('does not keep a client from reaching another one', async () => {
    const fixture = await KafkaFixture.open();
    const topic = await fixture.topic();
    const { host, port } = address();
    const kafka = createKafka({ brokers: [`${host}:${port}`, ...brokers()], clientId: 'test' }, log);
    await new KafkaAdmin(kafka).ping();
    const producer = new BatchingProducer({ kafka });
    await producer.send(topic, { key: 'k', value: 'v' });
    await producer.close();
    await fixture.close();
    expect(accepted.length).toBeGreaterThan(0);
  });
});
