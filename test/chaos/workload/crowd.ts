import type { Random, Session } from '@parley/client';
import { eventually, type System } from '@parley/testing';
import type { History } from '../history/history.js';
import { register, type Room } from './cohort.js';
import { Device } from './device.js';
import { Line } from './line.js';
import { pick } from './random.js';

/** Members with very many devices, who all look on, and whose connections run over one line. */
export interface Crowd {
  readonly users: readonly string[];
  /** Those of one user stand together, the first of them being the one that the user joined with. */
  readonly devices: readonly Device[];
  readonly line: Line;
}

export interface CrowdSize {
  readonly people: number;
  readonly devicesEach: number;
}

/** Not those of the ones who write: devices in such a number would do little else than ask. */
const TIMINGS = {};
const ENTER_AT_ONCE = 20;
const LET_IN_WITHIN_MS = 60_000;

/** Everybody registers, joins a channel and enters it on all devices. */
export async function gatherCrowd(
  system: System,
  history: History,
  rooms: readonly Room[],
  random: Random,
  { people, devicesEach }: CrowdSize,
): Promise<Crowd> {
  const tag = Date.now().toString(36).slice(-7);
  const users = Array.from({ length: people }, (_, person) => `d${tag}${person}`);
  const line = new Line();
  const groups = users.map((user) =>
    Array.from({ length: devicesEach }, (_, index) => {
      const name = `${user}/${index}`;
      return new Device(name, user, history, system.stack.urls.consul, random, line, TIMINGS);
    }),
  );
  const waiting: (() => Promise<void>)[] = [];
  await Promise.all(
    groups.map(async ([first, ...others]) => {
      if (first === undefined) return;
      const room = pick(random, rooms);
      await register(first);
      await first.logIn();
      await first.become('join', room.id, room.inviteCode);
      await first.enter(room.id);
      const { session } = first.client;
      waiting.push(...others.map((device) => () => lookOn(device, room, session)));
    }),
  );
  const queue = waiting.values();
  await Promise.all(
    Array.from({ length: ENTER_AT_ONCE }, async () => {
      for (const next of queue) await next();
    }),
  );
  return { users, devices: groups.flat(), line };
}

async function lookOn(device: Device, room: Room, session: Session | undefined): Promise<void> {
  // So many at once, on a machine that is busy: not all are let in at the first try.
  await eventually(() => device.logIn(session), LET_IN_WITHIN_MS);
  await device.enter(room.id);
}
