import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { type LoadOptions, type LoadResult, measure, silent, type Subject, usedByProcess } from '@parley/load';

/** A server that does nothing but sockets, and whoever talks to it. Ends with `close`. */
export interface PlainServer {
  readonly pid: number;
  readonly subjectFor: (options: LoadOptions) => Subject;
  close(): void;
}

export async function startPlainServer(...flags: string[]): Promise<PlainServer> {
  const program = join(import.meta.dirname, 'plain-server.main.ts');
  // Its standard input ends with us, and it ends with that.
  const child = spawn(process.execPath, [program, ...flags], { stdio: ['pipe', 'pipe', 'inherit'] });
  const [line]: unknown[] = await once(createInterface(child.stdout), 'line');
  const { pid = 0 } = child;
  return {
    pid,
    subjectFor: ({ users, channels }) => ({
      profile: 'plain ws',
      servers: [{ host: '127.0.0.1', port: Number(line) }],
      data: {
        cookies: Array<string>(users).fill(''),
        userIds: Array.from({ length: users }, (_, index) => index + 1),
        channelIds: Array.from({ length: channels }, (_, index) => index + 1),
        seconds: 0,
      },
      look: () => usedByProcess('ws', pid),
    }),
    close: () => child.stdin.end(),
  };
}

/** A plain server as the subject of a run that is made by hand. */
export async function plainSubject(options: LoadOptions): Promise<{ subject: Subject; close: () => void }> {
  const server = await startPlainServer();
  return { subject: server.subjectFor(options), close: () => server.close() };
}

/** The same load against a server that only writes to sockets. */
export const plainLoad = async (options: LoadOptions): Promise<LoadResult> =>
  measureAgainst(await startPlainServer(), options);

/** The same load against a server that refuses all of it, on the cores that `place` gives it. */
export async function plainRefusal(options: LoadOptions, place: (pid: number) => void): Promise<LoadResult> {
  const server = await startPlainServer('--refuse');
  place(server.pid);
  return measureAgainst(server, { ...options, drain: 1 });
}

async function measureAgainst(server: PlainServer, asked: LoadOptions): Promise<LoadResult> {
  // It is warm at once and always does the same.
  const options = { ...asked, warmup: Math.min(asked.warmup, 1.5), seconds: Math.min(asked.seconds, 3) };
  try {
    return await measure(options, silent, server.subjectFor(options));
  } finally {
    server.close();
  }
}
