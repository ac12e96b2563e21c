import { type ClientFrame, decodeClientFrame, type ServerFrame } from '@parley/protocol';
import { ChatClient } from '../src/chat-client.js';
import type { ChatClientOptions } from '../src/chat-options.js';
import { Endpoints } from '../src/endpoints.js';
import type { ChatMessage } from '../src/inbox.js';
import type { OpenSocket, SocketHandlers } from '../src/socket.js';
import { ManualClock, settled } from './manual-clock.js';

interface Connection {
  readonly url: string;
  readonly handlers: SocketHandlers;
  open: boolean;
}

/** The far end of the socket, in the hands of a test. */
export class ScriptedServer {
  readonly dialled: string[] = [];
  readonly received: ClientFrame[] = [];
  #connections: Connection[] = [];
  /** How the next dials end. */
  onDial: (url: string) => 'open' | 'unreachable' | 'unauthorized' | 'silent' = () => 'open';
  /** What the server says to a frame; none = it waits for the test. */
  answer: (frame: ClientFrame) => readonly ServerFrame[] = () => [];

  readonly openSocket: OpenSocket = (url, _session, handlers) => {
    this.dialled.push(url);
    const connection: Connection = { url, handlers, open: false };
    const outcome = this.onDial(url);
    queueMicrotask(() => {
      if (outcome === 'open') {
        connection.open = true;
        this.#connections.push(connection);
        handlers.opened();
      } else if (outcome !== 'silent') handlers.failed(outcome);
    });
    return {
      send: (text) => this.#receive(text),
      close: () => {
        connection.open = false;
        this.#connections = this.#connections.filter((other) => other !== connection);
      },
    };
  };

  get connected(): boolean {
    return this.#connections.length > 0;
  }

  send(...frames: readonly (ServerFrame | string)[]): void {
    for (const frame of frames) {
      for (const { handlers } of this.#connections) {
        handlers.text(typeof frame === 'string' ? frame : JSON.stringify(frame));
      }
    }
  }

  cut(code = 1006, reason = ''): void {
    const connections = this.#connections;
    this.#connections = [];
    for (const { handlers } of connections) handlers.closed(code, reason);
  }

  of<T extends ClientFrame['type']>(type: T): Extract<ClientFrame, { type: T }>[] {
    return this.received.filter((frame): frame is Extract<ClientFrame, { type: T }> => frame.type === type);
  }

  #receive(text: string): void {
    const frame = decodeClientFrame(text);
    if (!frame.ok) throw new Error(`the client sent ${text}`);
    this.received.push(frame.value);
    const answers = this.answer(frame.value);
    queueMicrotask(() => this.send(...answers));
  }
}

export interface Stage {
  readonly clock: ManualClock;
  readonly server: ScriptedServer;
  readonly client: ChatClient;
  /** The screen: `seq name text`. */
  readonly screen: string[];
}

export const line = ({ seq, username, content }: Pick<ChatMessage, 'seq' | 'username' | 'content'>): string =>
  `${seq} ${username} ${content}`;

/** A client that is not connected yet. */
export function prepared(server = new ScriptedServer(), options: Partial<ChatClientOptions> = {}): Stage {
  const clock = new ManualClock();
  const client = new ChatClient({
    endpoints: new Endpoints(() => Promise.resolve(['http://one', 'http://two'])),
    openSocket: server.openSocket,
    clock,
    random: () => 0.5,
    ...options,
  });
  const screen: string[] = [];
  client.on('message', (message) => screen.push(line(message)));
  return { clock, server, client, screen };
}

/** A client of user `ann`, connected to a scripted server. */
export async function connected(server?: ScriptedServer, options?: Partial<ChatClientOptions>): Promise<Stage> {
  const stage = prepared(server, options);
  await stage.client.connect({ username: 'ann', cookie: 'secret' });
  await settled();
  return stage;
}
