import { setTimeout as delay } from 'node:timers/promises';
import { get } from 'node:http';
import { get as getSecurely } from 'node:https';
import { connect } from 'node:net';

/** Repeats `check` until it holds or `timeoutMs` have passed; an error counts as not yet. Tells which it was. */
export async function becomesTrue(check: () => Promise<boolean>, timeoutMs: number): Promise<boolean> {
  const deadline = Date.now() + timeoutMs;
  for (let pause = 20; ; pause = Math.min(pause * 1.5, 150)) {
    if (await check().catch(() => false)) return true;
    if (Date.now() >= deadline) return false;
    await delay(pause);
  }
}

/** Connects, sends `say`, and resolves with the bytes received once they satisfy `enough`; undefined when they never do. */
export function ask(
  port: number,
  say: string | Uint8Array,
  enough: (received: Buffer) => boolean,
): Promise<Buffer | undefined> {
  return new Promise((resolve) => {
    const socket = connect({ host: '127.0.0.1', port });
    let received = Buffer.alloc(0);
    const finish = (outcome: Buffer | undefined) => {
      socket.destroy();
      resolve(outcome);
    };
    socket.setTimeout(1000, () => finish(undefined));
    socket.on('error', () => finish(undefined));
    socket.on('close', () => finish(undefined));
    socket.on('connect', () => {
      if (say.length > 0) socket.write(say);
      if (enough(received)) finish(received);
    });
    socket.on('data', (chunk) => {
      received = Buffer.concat([received, chunk]);
      if (enough(received)) finish(received);
    });
  });
}

/** Connects, sends `say`, and tells whether what is received satisfies `enough`. */
export const converses = async (port: number, say: string, enough: (received: Buffer) => boolean): Promise<boolean> =>
  (await ask(port, say, enough)) !== undefined;

export const accepts = (port: number): Promise<boolean> => converses(port, '', () => true);

/** Whether the answer is a success, or has one of these statuses. */
export async function answersOk(url: string, statuses?: readonly number[]): Promise<boolean> {
  const response = await fetch(url, { signal: AbortSignal.timeout(2000), redirect: 'manual' });
  await response.body?.cancel();
  return statuses?.includes(response.status) ?? response.ok;
}

/** The status of the answer, whatever certificate the server on this machine may have. */
export const statusOf = (url: string): Promise<number> =>
  new Promise((resolve, reject) => {
    const request = (url.startsWith('https:') ? getSecurely : get)(
      url,
      { agent: false, timeout: 2000, rejectUnauthorized: false },
      (response) => {
        response.resume();
        resolve(response.statusCode ?? 0);
      },
    );
    request.on('timeout', () => request.destroy(new Error(`${url} does not answer`)));
    request.on('error', reject);
  });
