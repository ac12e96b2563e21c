import { once } from 'node:events';
import type { AddressInfo, Server, Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import mysql from 'mysql2';
import type { DataSource } from 'typeorm';
import { createDataSource } from './data-source.js';
import { DatabaseUnavailable, isUnavailable } from './database-errors.js';

const POOL_SIZE = 2;
const SILENCE_MS = 800;

const VERSION = '8.4.0';
const GREETING = {
  protocolVersion: 10,
  serverVersion: VERSION,
  connectionId: 1,
  statusFlags: 2,
  characterSet: 45,
  capabilityFlags: 0xffffff,
};
const COLUMN = {
  catalog: 'def',
  schema: '',
  table: '',
  orgTable: '',
  name: 'version',
  orgName: 'version',
  characterSet: 45,
  columnType: 253,
  flags: 0,
  decimals: 0,
};

/** A server that answers every statement with its version, and can fall silent as if its machine were gone. */
class ScriptedServer {
  readonly sockets = new Set<Socket>();
  answerAfterMs = 0;
  private withheld: (() => void)[] | undefined;
  private readonly listener: Server;

  constructor() {
    const server = mysql.createServer((connection) => {
      const answer = (write: () => void): void => {
        write();
        // The library would go on counting the packets.
        connection.sequenceId = 0;
      };
      const authCallback = (_: unknown, admit: (refusal: null) => void): void => answer(() => admit(null));
      this.when(() => connection.serverHandshake({ ...GREETING, authCallback }));
      connection.on('error', () => undefined);
      // This is where the library tells of a SET.
      connection.on('stmt_prepare', () => this.when(() => answer(() => connection.writeOk())));
      connection.on('query', () => {
        const tell = (): void => answer(() => connection.writeTextResult([{ version: VERSION }], [COLUMN]));
        setTimeout(() => this.when(tell), this.answerAfterMs);
      });
    });
    // Its port is told by nothing else.
    this.listener = (server.listen(0) as unknown as { _server: Server })._server;
    this.listener.on('connection', (socket: Socket) => {
      this.sockets.add(socket);
      socket.on('close', () => this.sockets.delete(socket));
    });
  }

  async address() {
    if (!this.listener.listening) await once(this.listener, 'listening');
    const { port } = this.listener.address() as AddressInfo;
    return { host: '127.0.0.1', port, username: 'parley', password: '', database: 'users' };
  }

  fallSilent(): void {
    this.withheld = [];
  }

  speakAgain(): void {
    const withheld = this.withheld ?? [];
    this.withheld = undefined;
    for (const say of withheld) say();
  }

  close(): void {
    for (const socket of this.sockets) socket.destroy();
    this.listener.close();
  }

  private when(say: () => void): void {
    if (this.withheld === undefined) say();
    else this.withheld.push(say);
  }
}

describe('when more wait than the pool has connections', () => {
  let server: ScriptedServer;
  let source: DataSource;
  let silences: number;

  beforeEach(async () => {
    server = new ScriptedServer();
    source = createDataSource(await server.address(), {
      poolSize: POOL_SIZE,
      queryTimeoutMs: SILENCE_MS,
      signs: { onSilence: () => (silences += 1) },
    });
    // The first connection of a process may take longer on a busy machine.
    while (!source.isInitialized) await source.initialize().catch(() => undefined);
    silences = 0;
  });
  afterEach(() => server.close());

  const ask = (times: number) => Promise.allSettled(Array.from({ length: times }, () => source.query('SELECT 1')));
  const errorsOf = (outcomes: PromiseSettledResult<unknown>[]): unknown[] =>
    outcomes.flatMap((outcome): unknown[] => (outcome.status === 'rejected' ? [outcome.reason] : []));

  it('a silent server holds up nobody for longer than a statement, and only its statements count as silence', async () => {
    await ask(POOL_SIZE);
    server.fallSilent();
    const errors = errorsOf(await ask(6 * POOL_SIZE));
    expect(errors).toHaveLength(6 * POOL_SIZE);
    expect(errors.every(isUnavailable)).toBe(true);
    expect(errors.filter((error) => error instanceof DatabaseUnavailable)).toHaveLength(5 * POOL_SIZE);
    expect(silences).toBe(POOL_SIZE);
  });

  it('a connection that comes too late goes back to the pool', async () => {
    await ask(POOL_SIZE);
    server.fallSilent();
    await ask(6 * POOL_SIZE);
    while (server.sockets.size < POOL_SIZE) await delay(1);
    server.speakAgain();
    for (let round = 0; round < 3; round++) expect(errorsOf(await ask(2 * POOL_SIZE))).toEqual([]);
    expect(server.sockets.size).toBe(POOL_SIZE);
    await source.destroy();
  });

  it('nobody is turned away by a server that only has much to do', async () => {
    server.answerAfterMs = SILENCE_MS / 10;
    const began = performance.now();
    expect(errorsOf(await ask(12 * POOL_SIZE))).toEqual([]);
    expect(performance.now() - began).toBeGreaterThan(SILENCE_MS);
    await source.destroy();
  });
});
