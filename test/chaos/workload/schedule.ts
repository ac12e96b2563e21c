import type { Random } from '@parley/client';
import { below, pick, seeded, shuffled } from './random.js';

/** Who takes part; everybody is known by a number, counted from 0. */
export interface Cast {
  readonly users: number;
  /** Each device's user. */
  readonly devices: readonly number[];
  /** Members of each channel at its creation, its creator first. */
  readonly channels: readonly (readonly number[])[];
  /** The channel each device enters at the start, one that its user belongs to. */
  readonly home: readonly number[];
  /** Users who join and quit: what they do, and where. They are members of nothing at the start. */
  readonly wanderers: readonly number[];
}

/** One thing that one device does, `at` milliseconds after the start. */
export type Step = { readonly at: number; readonly device: number } & (
  | { readonly kind: 'write'; readonly channel: number; readonly serial: number; readonly content: string }
  /** The identical message once more, whatever has become of it. */
  | { readonly kind: 'again'; readonly channel: number; readonly serial: number; readonly content: string }
  | { readonly kind: 'fetch' | 'enter' | 'join' | 'quit'; readonly channel: number }
  /** A contact with the user of another device begins or ends. */
  | { readonly kind: 'mingle'; readonly other: number }
  /** `cut`: the connection is, without a close frame. `visit`: the user logs in elsewhere, and out again. */
  | { readonly kind: 'cut' | 'visit' }
);

export interface Load {
  readonly users: number;
  readonly channels: number;
  /** Steps per second on average. */
  readonly rate: number;
}

export const USUAL_LOAD: Load = { users: 8, channels: 8, rate: 25 };

const WANDERERS = 2;
/** Every so many users one has a second device. */
const SECOND_DEVICE = 2;
const REMEMBERED = 50;
const BLOCK = 6;

const range = (count: number): number[] => Array.from({ length: count }, (_, index) => index);

/** The cast of a seed. Wanderers come last and have two devices, so that one can see what the other does. */
export function castOf(seed: number, { users, channels }: Load): Cast {
  const random = seeded(seed);
  const residents = range(users);
  const wanderers = range(WANDERERS).map((index) => users + index);
  const rooms = range(channels).map((index) => {
    const creator = index % users;
    const others = shuffled(
      random,
      residents.filter((user) => user !== creator),
    );
    return [creator, ...others.slice(0, 3 + below(random, users - 4))];
  });
  const devices = [
    ...residents,
    ...residents.filter((user) => user % SECOND_DEVICE === 0),
    ...wanderers.flatMap((user) => [user, user]),
  ];
  const home = devices.map((user, device) => {
    if (wanderers.includes(user)) return (user - users) % channels;
    // So that somebody writes in every channel: its creator, at the least.
    if (device < users && user < channels) return user;
    const own = range(channels).filter((channel) => rooms[channel]?.includes(user));
    return own[device % own.length] ?? 0;
  });
  return { users: users + WANDERERS, devices, channels: rooms, home, wanderers };
}

/**
 * Where a device writes: every other channel, beginning with its home. Channels alternate between two shards, and a device
 * sends one message at a time, so a shard that is away says nothing about the writers of the other.
 */
const roomsFor = ({ channels, devices, home }: Cast, device: number): number[] =>
  range(channels.length).filter(
    (channel) => channels[channel]?.includes(devices[device] ?? -1) && channel % 2 === (home[device] ?? 0) % 2,
  );

/** A text that no other message of the run has; some are long, some are not of this alphabet. */
function contentOf(random: Random, seed: number, serial: number): string {
  const length = random() < 0.05 ? 900 : below(random, 60);
  return `${seed}/${serial} ${range(length)
    .map(() => pick(random, ['a', 'e', 'n', ' ', '🐝', 'ж', '"']))
    .join('')}`.trimEnd();
}

/** The endless schedule of a seed: the same for the same seed, cast and load. */
export function* scheduleOf(seed: number, load: Load): Generator<Step> {
  const cast = castOf(seed, load);
  const random = seeded(seed + 1);
  const devicesOf = Map.groupBy(range(cast.devices.length), (device) => cast.devices[device] ?? 0);
  const roomsOf = range(cast.devices.length).map((device) => roomsFor(cast, device));
  const writers = range(cast.devices.length).filter((device) => !cast.wanderers.includes(cast.devices[device] ?? 0));
  const inside = new Set<number>();
  const recent: {
    readonly user: number;
    readonly channel: number;
    readonly serial: number;
    readonly content: string;
  }[] = [];
  let serial = 0;
  let at = 0;
  const write = (user: number, channel: number, device: number): Step => {
    serial += 1;
    const message = { user, channel, serial, content: contentOf(random, seed, serial) };
    recent.push(message);
    if (recent.length > REMEMBERED) recent.shift();
    return { kind: 'write', at, device, channel, serial, content: message.content };
  };
  const someone = () => {
    const device = pick(random, writers);
    return { user: cast.devices[device] ?? 0, device, channel: pick(random, roomsOf[device] ?? []) };
  };
  for (;;) {
    at += (-Math.log(1 - random()) * 1000) / load.rate;
    const { user, channel, device } = someone();
    const dice = random();
    if (dice < 0.7) yield write(user, channel, device);
    else if (dice < 0.74) for (let count = 0; count < BLOCK; count += 1) yield write(user, channel, device);
    else if (dice < 0.84 && recent.length > 0) {
      const message = random() < 0.5 ? (recent.at(-1) ?? pick(random, recent)) : pick(random, recent);
      const devices = (devicesOf.get(message.user) ?? []).filter((each) => roomsOf[each]?.includes(message.channel));
      yield { kind: 'again', at, device: pick(random, devices), ...withoutUser(message) };
    } else if (dice < 0.9) yield { kind: 'fetch', at, device, channel };
    else if (dice < 0.92) yield { kind: 'enter', at, device, channel };
    else if (dice < 0.935) yield { kind: 'cut', at, device };
    // One pair for each user, so that nobody else has a hand in it: residents' first devices come first, in their order.
    else if (dice < 0.95) yield { kind: 'mingle', at, device: user, other: (user + 1) % load.users };
    else if (dice < 0.96) yield { kind: 'visit', at, device };
    else {
      const wanderer = pick(random, cast.wanderers);
      const [first = 0] = devicesOf.get(wanderer) ?? [];
      const room = cast.home[first] ?? 0;
      const isIn = inside.has(wanderer);
      if (isIn) inside.delete(wanderer);
      else inside.add(wanderer);
      yield { kind: isIn ? 'quit' : 'join', at, device: first, channel: room };
    }
  }
}

const withoutUser = ({ channel, serial, content }: { channel: number; serial: number; content: string }) => ({
  channel,
  serial,
  content,
});
