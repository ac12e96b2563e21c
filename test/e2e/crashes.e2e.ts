import { readFile } from 'node:fs/promises';
import { nginxConfigFile } from '@parley/deploy';
import { messageRelay } from '@parley/contracts';
import type { ChannelId } from '@parley/protocol';
import {
  befriend,
  channelOf,
  eventually,
  get,
  nextSerial,
  pushInbox,
  roomOf,
  stage,
  WireClient,
  write,
} from '@parley/testing';

const { system, first, second, person } = await stage();

afterEach(async () => {
  await system.heal();
});

describe('a retry storm', () => {
  it('stores one frame once, whoever is killed in between: one row, one sequence, the same ack', async () => {
    const [ann, bob] = [await person('ann', first), await person('bob', second)];
    const channelId = await roomOf(ann, bob);
    const elsewhere = await WireClient.connect(second, ann.session);
    const serial = nextSerial();
    const frame = { type: 'WRITE_MESSAGE', serial, channelId, content: 'the only one' };
    const messages = system.processes('message');
    ann.wire.send(frame);
    elsewhere.send(frame);
    await Promise.all(messages.map((process) => process.kill('SIGKILL')));
    ann.wire.send(frame);
    await Promise.all(messages.map((process) => process.start()));
    elsewhere.send(frame);
    ann.wire.send(frame);
    const acks = [];
    for (const wire of [ann.wire, ann.wire, ann.wire, elsewhere, elsewhere])
      acks.push(await wire.next('WRITE_MESSAGE_ACK', undefined, 40_000));
    expect(acks).toEqual(acks.map(() => ({ type: 'WRITE_MESSAGE_ACK', serial, messageSeqId: 1 })));
    expect(await system.storedMessages(channelId)).toEqual([{ seq: 1, content: 'the only one' }]);
    expect(await write(ann, channelId, 'next')).toBe(2);
    await bob.wire.next('NOTIFY_MESSAGE', (notified) => notified.messageSeqId === 2);
    expect(bob.wire.take('NOTIFY_MESSAGE').map((notified) => notified.messageSeqId)).toEqual([1]);
    await elsewhere[Symbol.asyncDispose]();
  }, 90_000);
});

describe('a connection server that dies', () => {
  it('hands its users over to push within seconds, and they come back elsewhere without a loss', async () => {
    const [ann, bob] = [await person('ann', first), await person('bob', second)];
    const channelId = await roomOf(ann, bob);
    await write(ann, channelId, 'seen');
    await bob.wire.next('NOTIFY_MESSAGE');
    const [, victim] = system.processes('connection');
    await victim?.kill('SIGKILL');
    await write(ann, channelId, 'into the void');
    await eventually(async () => {
      const response = await fetch(new URL('/api/v1/push/inbox', system.server), {
        headers: { cookie: `SESSION=${bob.session}` },
      });
      expect(JSON.stringify(await response.json())).toContain('into the void');
    }, 15_000);
    const again = await WireClient.connect(first, bob.session);
    const entered = await again.ask({ type: 'ENTER_REQUEST', channelId }, 'ENTER_RESPONSE');
    expect(entered.lastChannelMessageSeqId).toBe(2);
    await write(ann, channelId, 'good to have you back');
    expect((await again.next('NOTIFY_MESSAGE')).messageSeqId).toBe(3);
    await again[Symbol.asyncDispose]();
  }, 60_000);

  it('hands them over too when the owners of the channels die with it', async () => {
    const [ann, bob] = [await person('ann', first), await person('bob', first)];
    const [, victim] = system.processes('connection');
    const [, owner] = system.processes('message');
    await using kafka = await system.kafka();
    await befriend(ann, bob);
    const channels: ChannelId[] = [];
    const sockets: WireClient[] = [];
    // Whoever owns what: some of so many belong to the one that dies.
    for (let i = 0; i < 6; i += 1) {
      const room = { type: 'CREATE_REQUEST', title: `room ${i}`, participantUsernames: [bob.name] };
      const { channelId } = await ann.wire.ask(room, 'CREATE_RESPONSE');
      const wire = await WireClient.connect(second, bob.session);
      await wire.ask({ type: 'ENTER_REQUEST', channelId }, 'ENTER_RESPONSE');
      channels.push(channelId);
      sockets.push(wire);
    }
    await eventually(async () => {
      for (const { url } of system.processes('message')) {
        const { sockets: known } = (await (await get(url, `/presence/${bob.name}`)).json()) as {
          sockets: { channelId: number | null }[];
        };
        expect(known.map((socket) => socket.channelId)).toEqual(expect.arrayContaining(channels));
      }
    });
    await victim?.pause();
    for (const channelId of channels) await write(ann, channelId, 'into the void');
    // Done with, as far as the owner knows: nobody will handle it again.
    await kafka.committed('relay-group', messageRelay.name);
    await Promise.all([owner?.kill('SIGKILL'), victim?.kill('SIGKILL')]);
    await eventually(async () => {
      const pushed = (await pushInbox(system.server, bob)).filter(({ type }) => type === 'NOTIFY_MESSAGE');
      expect(pushed).toHaveLength(channels.length);
    }, 40_000);
    for (const wire of sockets) await wire[Symbol.asyncDispose]();
  }, 90_000);

  it('is out of the rotation within seconds, and back in it when it returns', async () => {
    const [, victim] = system.processes('connection');
    const { stateDir } = system.stack.description;
    // Asked of the configuration: the load balancer passes over a dead server that it still names.
    const rotationToInclude = (expected: boolean) =>
      eventually(async () => {
        const config = await readFile(nginxConfigFile(stateDir, 'nginx-1'), 'utf8');
        expect(config.includes(` 127.0.0.1:${victim?.port} `)).toBe(expected);
      }, 15_000);
    await rotationToInclude(true);
    await victim?.kill('SIGKILL');
    await rotationToInclude(false);
    await person('meanwhile');
    await victim?.start();
    await rotationToInclude(true);
    await eventually(async () => {
      await person('back');
      const metrics = await (await fetch(new URL('/metrics', victim?.url))).text();
      expect(metrics).toMatch(/^connection_open_sockets\S* [1-9]/m);
    }, 15_000);
  }, 60_000);
});

describe('a push service that is down', () => {
  it('loses nothing: pushes wait in Kafka', async () => {
    const [ann, bob] = [await person('ann'), await person('bob')];
    const channelId = await channelOf(ann, bob);
    const [push] = system.processes('push');
    await push?.kill('SIGKILL');
    await write(ann, channelId, 'later');
    await push?.start();
    await eventually(async () => {
      const response = await fetch(new URL('/api/v1/push/inbox', system.server), {
        headers: { cookie: `SESSION=${bob.session}` },
      });
      expect(JSON.stringify(await response.json())).toContain('later');
    }, 30_000);
  }, 60_000);
});
