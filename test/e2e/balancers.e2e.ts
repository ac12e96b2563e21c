import { consulDiscovery } from '@parley/client';
import {
  Balancer,
  channelOf,
  enter,
  eventually,
  guests,
  PASSWORD,
  runningSystem,
  Terminal,
  uniqueName,
  write,
} from '@parley/testing';

const system = await runningSystem();
const { consul } = system.stack.urls;
const CONNECT = /^=> Connect to url: ws:\/\/127\.0\.0\.1:\d+\/ws\/v1\/message$/;
const NEXT_SERVER = '=> Retry with the next server node.';
const NEXT_CONSUL = '=> Retry with the next discovery node.';
/** Nobody listens there. */
const DEAD_CONSUL = 'http://127.0.0.1:1';

let balancers: readonly Balancer[];

/** What clients learn from Consul. */
const listed = async () => (await consulDiscovery({ urls: consul })()).toSorted();
const urls = () => balancers.map(({ url }) => url).toSorted();

/** The load balancer that a terminal says it is connected through, and the other one. */
function behind(line: string): { used: Balancer; other: Balancer } {
  const used = balancers.find(({ port }) => line.includes(`:${port}/`));
  const other = balancers.find((one) => one !== used);
  if (used === undefined || other === undefined) throw new Error(`No load balancer of ours: ${line}`);
  return { used, other };
}

/** A socket there runs through no load balancer. */
const [elsewhere] = system.connectionServers;
const person = guests(system);

beforeAll(async () => {
  const { stack } = system;
  balancers = [await Balancer.of(stack, 'nginx-1'), await Balancer.add(stack, 'nginx-other')];
});
beforeEach(async () => {
  for (const balancer of balancers) await balancer.start();
  await eventually(async () => expect(await listed()).toEqual(urls()));
}, 60_000);
afterAll(async () => {
  for (const balancer of balancers) await balancer.start();
  await balancers[1]?.stop();
  await system.recovered();
}, 60_000);

describe('a load balancer that is killed', () => {
  it('is passed over by newcomers, and so is a dead Consul server, whichever they try first', async () => {
    const friend = await person('ann', elsewhere);
    const [dead, alive] = balancers;
    await dead?.kill();
    expect(await listed()).toEqual(urls());
    const said = new Set<string>();
    // The order of servers is drawn at random, so newcomers come until one has met both that are dead.
    for (let came = 0; !said.has(NEXT_SERVER) || !said.has(NEXT_CONSUL); came += 1) {
      expect(came).toBeLessThan(40);
      await using terminal = new Terminal('--consul', [DEAD_CONSUL, ...consul].join(','));
      const name = uniqueName('bob');
      await terminal.type(`/register ${name} secret-word`, '=> Registered.');
      expect(behind(await terminal.type(`/login ${name} secret-word`, CONNECT)).used).toBe(alive);
      await terminal.says('=> WebSocket Connected.');
      for (const line of terminal.lines) said.add(line);

      const code = await terminal.type('/invitecode user', /^=> My InviteCode: /);
      const userInviteCode = /code=([0-9a-f]{32})/.exec(code)?.[1];
      await friend.wire.ask({ type: 'INVITE_REQUEST', userInviteCode }, 'INVITE_RESPONSE');
      await terminal.says(`=> Do you accept ${friend.name}'s connection request?`);
      await terminal.type(`/accept ${friend.name}`, `=> Connected ${friend.name}`);
      const room = { type: 'CREATE_REQUEST', title: 'room', participantUsernames: [name] };
      const { channelId } = await friend.wire.ask(room, 'CREATE_RESPONSE');
      await enter(friend, channelId);
      await terminal.type(`/enter ${channelId}`, /^=> Enter channel /);
      await write(friend, channelId, 'welcome');
      await terminal.says(`${friend.name} : welcome`);
    }
  }, 90_000);

  it('costs the clients connected through it no message: they go on through the other one', async () => {
    const speaker = await person('ann', elsewhere);
    const bob = await person('bob', elsewhere);
    const channelId = await channelOf(speaker, bob);
    await enter(speaker, channelId);
    await using terminal = new Terminal('--consul', consul.join(','));
    const { used } = behind(await terminal.type(`/login ${bob.name} "${PASSWORD}"`, CONNECT));
    await terminal.type(`/enter ${channelId}`, /^=> Enter channel /);

    const talk = async () => {
      for (let i = 1; i <= 60; i += 1) await write(speaker, channelId, `ann ${i}`);
    };
    const answers = async () => {
      for (let i = 1; i <= 20; i += 1) await terminal.type(`bob ${i}`, `${bob.name} : bob ${i}`);
    };
    const strike = async () => {
      await eventually(() => expect(terminal.lines).toContain(`${speaker.name} : ann 20`));
      await used.kill();
    };
    await Promise.all([talk(), answers(), strike()]);
    await terminal.type('the end', `${bob.name} : the end`);

    const stored = (await system.storedMessages(channelId)).map(({ content }) => content);
    expect(stored).toHaveLength(81);
    const shown = terminal.lines.filter((line) => /^(ann|bob)_\w+ : /.test(line));
    expect(shown.map((line) => line.replace(/^\w+ : /, ''))).toEqual(stored);
    expect(terminal.lines).toContain(NEXT_SERVER);
  }, 90_000);
});
