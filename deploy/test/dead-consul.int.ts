import { ConsulClient } from '../src/nginx-agent/consul-client.js';
import { KeptRegistration } from '../src/nginx-agent/registration.js';
import { WatchedService } from '../src/nginx-agent/watched-service.js';
import { attachStack } from '../src/index.js';
import { eventually } from './eventually.js';
import { StandIn } from './stand-in.js';

const path = process.env['PARLEY_STACK'];
if (path === undefined) throw new Error('PARLEY_STACK names no running servers: run the tests through `npm test`');
const [url = ''] = (await attachStack(path)).urls.consul;
const alive = new ConsulClient(url);
const servers = [new ConsulClient('http://127.0.0.1:1'), alive];

/** A name that no part of the system has. */
const name = `dead-consul-${process.pid}`;

describe('with the first of its Consul servers dead, an agent', () => {
  it('registers its load balancer at the next one, and takes it out of there', async () => {
    const registration = { id: name, name, address: '127.0.0.1', port: 1, checkAddress: '127.0.0.1:1' };
    const lines: string[] = [];
    const kept = new KeptRegistration(servers, { ...registration, scheme: 'http' }, (line) => lines.push(line));
    const keeping = kept.keep();
    await eventually(async () => expect(await alive.isRegistered(name)).toBe(true));
    await kept.end();
    await keeping;
    expect(await alive.isRegistered(name)).toBe(false);
    expect(lines).toEqual([`registered as ${name} at ${url}`]);
  });

  it('hears of instances from the next one', async () => {
    const heard: (readonly string[] | undefined)[] = [];
    const watched = new WatchedService(servers, name, () => heard.push(watched.addresses));
    const instance = await StandIn.start(url, name);
    try {
      watched.watch();
      await eventually(() => expect(heard).toContainEqual([`127.0.0.1:${instance.port}`]));
    } finally {
      watched.end();
      await instance.remove();
    }
  });
});
