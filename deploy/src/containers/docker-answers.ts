import { request, type RequestOptions } from 'node:http';
import { homedir, userInfo } from 'node:os';
import { join } from 'node:path';

/** A container engine that accepts connections but never answers would hold a test run up for ever. */
const PATIENCE_MS = 500;

type Variables = Readonly<Record<string, string | undefined>>;

/** What DOCKER_HOST says, as far as plain HTTP gets there; undefined for `ssh:` and what is no address. */
function namedAddress(host: string): RequestOptions | undefined {
  const url = URL.canParse(host) ? new URL(host) : undefined;
  if (url?.protocol === 'unix:') return { socketPath: url.pathname };
  if (url?.protocol !== 'tcp:' && url?.protocol !== 'http:') return undefined;
  return { host: url.hostname, port: url.port === '' ? 2375 : Number(url.port) };
}

/** Where a container engine may listen: at DOCKER_HOST alone when that is set, else at the usual sockets. */
export function engineAddresses(environment: Variables = process.env): RequestOptions[] {
  const host = environment['DOCKER_HOST'];
  if (host) {
    const address = namedAddress(host);
    return address ? [address] : [];
  }
  const home = environment['HOME'] ?? homedir();
  const runtime = environment['XDG_RUNTIME_DIR'] ?? `/run/user/${userInfo().uid}`;
  return [
    '/var/run/docker.sock',
    join(runtime, 'docker.sock'),
    join(home, '.docker', 'run', 'docker.sock'),
    join(home, '.docker', 'desktop', 'docker.sock'),
  ].map((socketPath) => ({ socketPath }));
}

function answersAt(address: RequestOptions): Promise<boolean> {
  return new Promise((resolve) => {
    const asked = request({ ...address, path: '/_ping', agent: false, signal: AbortSignal.timeout(PATIENCE_MS) });
    asked.once('error', () => resolve(false));
    asked.once('response', (response) => {
      resolve(response.statusCode === 200);
      asked.destroy();
    });
    asked.end();
  });
}

/** Is there a container engine that does its work? Takes half a second at most. */
export async function dockerAnswers(addresses: readonly RequestOptions[] = engineAddresses()): Promise<boolean> {
  const answers = await Promise.all(addresses.map(answersAt));
  return answers.includes(true);
}
