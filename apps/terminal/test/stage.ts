import { PassThrough, Writable } from 'node:stream';
import { Api, ChatClient, consulDiscovery, Endpoints } from '@parley/client';
import { openNodeSocket } from '@parley/client/node';
import { plainScreen } from '../src/plain-face.js';
import { Shell } from '../src/shell.js';
import type { FakeParley } from './fake-parley.js';

/** Everything that was written, and a way to wait for more. */
export class Recorder extends Writable {
  text = '';
  readonly columns = 80;
  readonly rows = 24;
  #waiting: { readonly wanted: string; readonly from: number; readonly resolve: () => void }[] = [];

  get lines(): string[] {
    return this.text.split('\n').slice(0, -1);
  }

  override _write(chunk: Buffer | string, _encoding: BufferEncoding, done: () => void): void {
    this.text += String(chunk);
    for (const waiter of this.#waiting.filter((each) => this.text.includes(each.wanted, each.from))) waiter.resolve();
    done();
  }

  /** Resolves when the text has been written after position `from`. */
  seen(wanted: string, from = 0): Promise<void> {
    if (this.text.includes(wanted, from)) return Promise.resolve();
    return new Promise((resolve) => this.#waiting.push({ wanted, from, resolve }));
  }
}

export interface Seat extends AsyncDisposable {
  readonly shell: Shell;
  readonly output: Recorder;
  readonly input: PassThrough;
  /** Carries out one line and returns what it wrote. */
  type(line: string): Promise<string[]>;
}

/**
 * A terminal in plain mode that finds the server through its catalog.
 * @param random how long a lost connection waits before it is tried again; by default the jitter's lower end: not at all
 */
export function seat(server: FakeParley, random: () => number = () => 0): Seat {
  const output = new Recorder();
  const endpoints = new Endpoints(consulDiscovery({ urls: [server.url] }));
  const client = new ChatClient({ endpoints, openSocket: openNodeSocket, random });
  const shell = new Shell({ api: new Api(endpoints), client, screen: plainScreen(output), waitForSends: true });
  return {
    shell,
    output,
    input: new PassThrough(),
    async type(line) {
      const before = output.lines.length;
      await shell.handle(line);
      return output.lines.slice(before);
    },
    [Symbol.asyncDispose]: () => Promise.resolve(client.close()),
  };
}

/** A seat whose user has an account and is logged in. */
export async function loggedIn(server: FakeParley, name: string, random?: () => number): Promise<Seat> {
  server.world.register(name, 'password1');
  const user = seat(server, random);
  await user.type(`/login ${name} password1`);
  return user;
}
