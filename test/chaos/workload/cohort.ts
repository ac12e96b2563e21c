import type { ChannelId } from '@parley/protocol';
import { eventually, PASSWORD, type System } from '@parley/testing';
import type { History } from '../history/history.js';
import { Device } from './device.js';
import { seeded } from './random.js';
import { type Cast, castOf, type Load } from './schedule.js';

export interface Room {
  readonly id: ChannelId;
  readonly shard: number;
  readonly inviteCode: string;
}

/** The people of one run, their devices, and the channels they have made. Numbers are those of the cast. */
export interface Cohort {
  readonly cast: Cast;
  readonly users: string[];
  readonly devices: Device[];
  readonly rooms: readonly Room[];
}

const at = <T>(items: readonly T[], index: number): T => {
  const item = items[index];
  if (item === undefined) throw new Error(`The cast has no number ${index}`);
  return item;
};

/** Registers everybody, makes the contacts and channels that the cast asks for, and has all residents enter. */
export async function gather(system: System, history: History, seed: number, load: Load): Promise<Cohort> {
  const cast = castOf(seed, load);
  const tag = Date.now().toString(36).slice(-7);
  const users = Array.from({ length: cast.users }, (_, user) => `c${tag}${user}`);
  const consul = system.stack.urls.consul;
  const devices = cast.devices.map((user, device) => {
    const name = `${at(users, user)}/${device}`;
    return new Device(name, at(users, user), history, consul, seeded(seed + 100 + device));
  });
  const first = (user: number): Device => at(devices, cast.devices.indexOf(user));
  await Promise.all(users.map((_, user) => register(first(user))));
  await Promise.all(devices.map((device) => device.logIn()));
  await makeContacts(cast, first);
  const rooms: Room[] = [];
  for (const members of cast.channels) {
    const creator = first(members[0] ?? 0);
    const others = members.slice(1).map((user) => at(users, user));
    const { channelId: id } = await creator.client.create(`room ${rooms.length}`, others);
    const [row] = await system.rows(system.users, 'SELECT shard_id FROM channel WHERE channel_id = ?', [id]);
    const shard = Number(row?.['shard_id']);
    history.add({ kind: 'channel', channel: id, shard, members: members.map((user) => at(users, user)) });
    rooms.push({ id, shard, inviteCode: await creator.client.channelInviteCode(id) });
  }
  await Promise.all(
    devices.map(async (device, index) => {
      if (!cast.wanderers.includes(at(cast.devices, index))) await device.enter(at(rooms, at(cast.home, index)).id);
    }),
  );
  return { cast, users, devices, rooms };
}

export async function register({ api, user }: Device): Promise<void> {
  await eventually(async () => {
    const { ok, status, body } = await api.register(user, PASSWORD);
    if (!ok) throw new Error(`register ${user}: ${status} ${body}`);
  });
}

/** Everybody knows the creators of their channels. */
async function makeContacts(cast: Cast, first: (user: number) => Device): Promise<void> {
  const pairs = new Set<string>();
  for (const [creator = 0, ...others] of cast.channels) {
    for (const other of others) pairs.add([creator, other].sort((a, b) => a - b).join(' '));
  }
  for (const pair of pairs) {
    const [a = 0, b = 0] = pair.split(' ').map(Number);
    await first(a).client.invite(await first(b).client.inviteCode());
    await first(b).client.accept(first(a).user);
  }
}
