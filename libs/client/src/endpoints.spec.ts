import { consulDiscovery, Endpoints, fixedServer, type Fallback } from './endpoints.js';
import { Unreachable } from './errors.js';

const node = (ServiceAddress: unknown, ServicePort: unknown) => ({ ServiceAddress, ServicePort, Address: '10.0.0.9' });
const json = (body: unknown, status = 200): Response => new Response(JSON.stringify(body), { status });
/** 0.1, 0.2, 0.3 ...: shuffling keeps the order. */
const rising = (): (() => number) => {
  let at = 0;
  return () => (at += 0.001);
};
const falling = (): (() => number) => {
  let at = 1;
  return () => (at -= 0.001);
};

function consul(answers: Record<string, () => Promise<Response>>, random = rising()) {
  const asked: string[] = [];
  const fallbacks: Fallback[] = [];
  const discover = consulDiscovery({
    urls: Object.keys(answers),
    random,
    fetch: (url) => {
      asked.push(url);
      const [, answer] = Object.entries(answers).find(([base]) => url.startsWith(base)) ?? [];
      return answer?.() ?? Promise.reject(new TypeError('fetch failed'));
    },
    onFallback: (fallback) => fallbacks.push(fallback),
  });
  return { discover, asked, fallbacks };
}

describe('discovery through Consul', () => {
  it('speaks HTTPS to a load balancer that is registered with it', async () => {
    const secured = { ...node('chat.example.org', 443), ServiceMeta: { scheme: 'https' } };
    const { discover } = consul({ 'http://c1': () => Promise.resolve(json([secured])) });
    expect(await discover()).toEqual(['https://chat.example.org:443']);
  });

  it('reads address and port of each registered load balancer', async () => {
    const { discover, asked } = consul({
      'http://c1': () => Promise.resolve(json([node('localhost', 80), node('10.0.0.2', '81'), node('::1', 82)])),
    });
    expect(await discover()).toEqual(['http://localhost:80', 'http://10.0.0.2:81', 'http://[::1]:82']);
    expect(asked).toEqual(['http://c1/v1/catalog/service/nginx']);
  });

  it.each([
    ['does not answer', () => Promise.reject(new TypeError('fetch failed'))],
    ['answers with an error', () => Promise.resolve(json('no leader', 500))],
    ['answers nonsense', () => Promise.resolve(new Response('<html>'))],
    ['knows no load balancer', () => Promise.resolve(json([]))],
    ['knows only unusable ones', () => Promise.resolve(json([node('', 80), node('a', 'x'), node(1, 2), null, {}]))],
  ])('asks the next server when one %s', async (_name, first) => {
    const { discover, fallbacks } = consul({
      'http://c1': first,
      'http://c2': () => Promise.resolve(json([node('a', 1)])),
    });
    expect(await discover()).toEqual(['http://a:1']);
    expect(fallbacks).toEqual(['next-discovery-node']);
  });

  it('asks in random order and shuffles what it finds', async () => {
    const found = () => Promise.resolve(json([node('a', 1), node('b', 2)]));
    const { discover, asked } = consul({ 'http://c1': found, 'http://c2': found }, falling());
    expect(await discover()).toEqual(['http://b:2', 'http://a:1']);
    expect(asked).toEqual(['http://c2/v1/catalog/service/nginx']);
  });

  it('fails when no server helps', async () => {
    const { discover } = consul({ 'http://c1': () => Promise.reject(new TypeError('fetch failed')) });
    await expect(discover()).rejects.toThrow('No server found through Consul at http://c1.');
  });
});

describe('endpoints', () => {
  const down = (): Promise<string> => Promise.reject(new Unreachable('down'));

  it('tries the next server only when one cannot be reached, and says so', async () => {
    const fallbacks: Fallback[] = [];
    const endpoints = new Endpoints(
      () => Promise.resolve(['a', 'b', 'c']),
      (fallback) => fallbacks.push(fallback),
    );
    expect(await endpoints.firstReachable((url) => (url === 'b' ? Promise.resolve(url) : down()))).toBe('b');
    expect(fallbacks).toEqual(['next-server']);
  });

  it('stays with the server that answered', async () => {
    const endpoints = new Endpoints(() => Promise.resolve(['a', 'b']));
    await endpoints.firstReachable((url) => (url === 'b' ? Promise.resolve(url) : down()));
    expect(await endpoints.firstReachable((url) => Promise.resolve(url))).toBe('b');
  });

  it('passes on any other failure', async () => {
    const tried: string[] = [];
    const endpoints = new Endpoints(() => Promise.resolve(['a', 'b']));
    const attempt = (url: string): Promise<never> => {
      tried.push(url);
      return Promise.reject(new Error('refused'));
    };
    await expect(endpoints.firstReachable(attempt)).rejects.toThrow('refused');
    expect(tried).toEqual(['a']);
  });

  it('discovers anew, in the same attempt, when no known server can be reached', async () => {
    let generation = 0;
    const endpoints = new Endpoints(() => Promise.resolve([`server ${(generation += 1)}`]));
    await endpoints.firstReachable((url) => Promise.resolve(url));
    expect(await endpoints.firstReachable((url) => (url === 'server 1' ? down() : Promise.resolve(url)))).toBe(
      'server 2',
    );
  });

  it('gives up when freshly discovered servers cannot be reached', async () => {
    await expect(new Endpoints(fixedServer('http://a/')).firstReachable(down)).rejects.toThrow(Unreachable);
  });
});
