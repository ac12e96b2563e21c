import type { ISocketFactory } from 'kafkajs';
import { connect, isIP, type Socket } from 'node:net';
import { connect as connectSecurely, type ConnectionOptions } from 'node:tls';

const KEEP_ALIVE_DELAY_MS = 60_000;

/**
 * The connections of one client. kafkajs has no way to end a client that is stuck: it goes on trying, and what it
 * reaches later it still takes for its own. Once its lines are cut, it reaches nothing any more.
 */
export class Lines {
  readonly #open = new Set<Socket>();
  #isCut = false;

  readonly factory: ISocketFactory = ({ host, port, ssl, onConnect }) => {
    if (this.#isCut) throw new Error('this client has been given up');
    const target = { host, port };
    // kafkajs passes on what it was given, which may be no more than true or false.
    const security: ConnectionOptions | boolean | undefined = ssl;
    const name = isIP(host) === 0 ? { servername: host } : {};
    const socket = security
      ? connectSecurely({ ...target, ...name, ...(typeof security === 'object' && security) }, onConnect)
      : connect(target, onConnect);
    socket.setKeepAlive(true, KEEP_ALIVE_DELAY_MS);
    this.#open.add(socket);
    socket.once('close', () => this.#open.delete(socket));
    return socket;
  };

  cut(): void {
    this.#isCut = true;
    for (const socket of this.#open) socket.destroy();
  }
}
