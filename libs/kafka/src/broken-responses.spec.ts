import { EventEmitter } from 'node:events';
import { Connection, type KafkajsConnection } from './broken-responses.js';
import { silentLog } from './silent-log.js';

/** The socket of a broker in the hands of a test. */
class FakeSocket extends EventEmitter {
  end(): void {}
  unref(): void {}
}

const logger = { namespace: () => logger, ...silentLog };

function response(correlationId: number, payload: string): Buffer {
  const head = Buffer.alloc(8);
  head.writeInt32BE(4 + payload.length, 0);
  head.writeInt32BE(correlationId, 4);
  return Buffer.concat([head, Buffer.from(payload)]);
}

it('a connection that broke off within a response understands what comes over the next line', async () => {
  const sockets: FakeSocket[] = [];
  const connection = new Connection({
    host: 'broker',
    port: 9092,
    logger,
    connectionTimeout: 1_000,
    requestTimeout: 1_000,
    socketFactory: ({ onConnect }: { onConnect: () => void }) => {
      const socket = new FakeSocket();
      sockets.push(socket);
      setImmediate(onConnect);
      return socket;
    },
  }) as KafkajsConnection & {
    requestQueue: { fulfillRequest: (response: { correlationId: number; payload: Buffer }) => void };
    disconnect(): Promise<boolean>;
  };
  const understood: string[] = [];
  connection.requestQueue.fulfillRequest = ({ correlationId, payload }) =>
    void understood.push(`${correlationId} ${payload.toString()}`);

  await connection.connect();
  sockets[0]?.emit('data', response(1, 'whole'));
  sockets[0]?.emit('data', response(2, 'never to be finished').subarray(0, 11));
  await connection.disconnect();
  await connection.connect();
  sockets[1]?.emit('data', response(3, 'new').subarray(0, 6));
  sockets[1]?.emit('data', response(3, 'new').subarray(6));
  await connection.disconnect();
  expect(understood).toEqual(['1 whole', '3 new']);
});
