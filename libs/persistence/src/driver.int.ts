import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { setImmediate as turn } from 'node:timers/promises';
import { createDataSource } from './data-source.js';
import { createTemporaryDatabases } from './temporary-databases.js';

const LONG = 'SELECT SLEEP(10)';
const RUNNING = `SELECT 1 FROM information_schema.processlist WHERE info = '${LONG}' AND db = DATABASE()`;

/** A way to a server on which every connection can be cut. */
async function wayTo({ host, port }: { host: string; port: number }) {
  const sockets: Socket[] = [];
  const way = createServer((near) => {
    const far = connect(port, host);
    for (const socket of [near, far]) socket.on('error', () => undefined);
    sockets.push(near, far);
    near.pipe(far).pipe(near);
  });
  way.listen(0, '127.0.0.1');
  await once(way, 'listening');
  const cut = (): void => {
    for (const socket of sockets.splice(0)) socket.destroy();
  };
  return { way, cut, port: (way.address() as AddressInfo).port };
}

it('a server is not silent because a connection to it was lost', async () => {
  const { options, drop } = await createTemporaryDatabases();
  const { source } = options.userDb;
  const { way, cut, port } = await wayTo(source);
  const silences: string[] = [];
  const server = createDataSource(
    { ...source, host: '127.0.0.1', port },
    { poolSize: 2, queryTimeoutMs: 2_000, signs: { onSilence: () => silences.push('silence') } },
  );
  await server.initialize();
  const lost = server.query(LONG).catch((error: unknown) => error);
  while ((await server.query<unknown[]>(RUNNING)).length === 0) await turn();
  cut();
  expect(await lost).toMatchObject({ code: 'PROTOCOL_CONNECTION_LOST' });
  // Asked later, so that its time is over later, too.
  await expect(server.query(LONG)).rejects.toMatchObject({ code: 'PROTOCOL_SEQUENCE_TIMEOUT' });
  expect(silences).toEqual(['silence']);
  await server.destroy();
  cut();
  way.close();
  await drop();
});
