import { LIMITS, seq } from '@parley/protocol';
import { eventually, type System } from '@parley/testing';
import { check } from '../history/checker.js';
import { History } from '../history/history.js';
import { Memberships } from '../history/membership.js';
import type { Violation } from '../history/violation.js';
import { type Cohort, gather, type Room } from './cohort.js';
import { mingle } from './contacts.js';
import { type Crowd, type CrowdSize, gatherCrowd } from './crowd.js';
import type { Device } from './device.js';
import { seeded } from './random.js';
import { type Load, scheduleOf, type Step } from './schedule.js';
import { tablesOf } from './tables.js';

const WAKE_EVERY_MS = 1000;
const SCREENS_WITHIN_MS = 20_000;
const VERDICT_WITHIN_MS = 20_000;

/** People who chat as their seed tells them to, until they are told to stop. */
export class Workload implements AsyncDisposable {
  private readonly steps: Iterator<Step>;
  private began = 0;
  private timer: NodeJS.Timeout | undefined;
  /** They come back in their own time, and do not scroll. */
  private readonly onlookers: Device[] = [];
  private gathered: Promise<Crowd> | undefined;

  private constructor(
    private readonly system: System,
    readonly history: History,
    readonly cohort: Cohort,
    private readonly seed: number,
    load: Load,
  ) {
    this.steps = scheduleOf(seed, load);
  }

  static async gather(system: System, seed: number, load: Load): Promise<Workload> {
    const history = new History();
    return new Workload(system, history, await gather(system, history, seed, load), seed, load);
  }

  get rooms(): readonly Room[] {
    return this.cohort.rooms;
  }

  private get everybody(): readonly Device[] {
    return [...this.cohort.devices, ...this.onlookers];
  }

  /** Very many more devices look on from now on; asked again, they are the same ones. */
  crowd(size: CrowdSize): Promise<Crowd> {
    this.gathered ??= gatherCrowd(this.system, this.history, this.rooms, seeded(this.seed + 3), size).then((crowd) => {
      const { users, devices } = this.cohort;
      users.push(...crowd.users);
      for (const [index, device] of crowd.devices.entries()) {
        (index % size.devicesEach === 0 ? devices : this.onlookers).push(device);
      }
      return crowd;
    });
    return this.gathered;
  }

  /** The sessions that the devices have now. */
  get sessions(): ReadonlySet<string | undefined> {
    return new Set(this.cohort.devices.map(({ client }) => client.session?.cookie));
  }

  /** Resolves when nobody has one of these sessions any more. */
  async loggedInAgain(sessions: ReadonlySet<string | undefined>, withinMs: number): Promise<void> {
    await eventually(() => {
      const late = this.cohort.devices.filter(({ client }) => sessions.has(client.session?.cookie));
      if (late.length > 0) throw new Error(`${late.length} devices have not logged in again`);
    }, withinMs);
  }

  start(): void {
    this.began = performance.now();
    this.next();
  }

  /** No step is taken any more; what is under way goes on. */
  stop(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
  }

  /** Nobody waits for the end of a polite pause before connecting again. */
  private wake(): void {
    for (const device of this.cohort.devices) device.client.wake();
  }

  /** Resolves when each channel has had an acknowledgement after `since`; returns when that was, per shard. */
  async flowing(since: number, withinMs: number): Promise<Map<number, number>> {
    const waking = setInterval(() => this.wake(), WAKE_EVERY_MS);
    const flows = eventually(() => {
      const first = this.firstAcks(since);
      const silent = this.rooms.filter(({ id }) => !first.has(id));
      if (silent.length > 0) throw new Error(`No message was acknowledged in ${silent.length} channels`);
      const perShard = new Map<number, number>();
      for (const { id, shard } of this.rooms) {
        perShard.set(shard, Math.max(perShard.get(shard) ?? 0, first.get(id) ?? 0));
      }
      return perShard;
    }, withinMs);
    return flows.finally(() => clearInterval(waking));
  }

  /**
   * Stops, waits until everything under way has come to an end and the screens are complete by themselves, has everybody
   * scroll through every channel, and judges.
   */
  async verdict(): Promise<Violation[]> {
    this.stop();
    const waking = setInterval(() => this.wake(), WAKE_EVERY_MS);
    try {
      await Promise.all(this.cohort.devices.map((device) => device.settled()));
      await this.screensComplete().catch(() => undefined);
    } finally {
      clearInterval(waking);
    }
    await this.readEverything();
    let violations: Violation[] = [];
    // Read positions are stored with a delay, and pushes come after the messages; everything else is final.
    await eventually(async () => {
      violations = check({ log: this.history.entries, tables: await this.tables() });
      if (violations.length > 0) throw new Error('not yet');
    }, VERDICT_WITHIN_MS).catch(() => undefined);
    return violations;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.stop();
    await Promise.all(this.everybody.map((device) => device[Symbol.asyncDispose]()));
  }

  private next(): void {
    const { value: step, done } = this.steps.next();
    if (done === true) return;
    this.timer = setTimeout(
      () => {
        this.take(step);
        this.next();
      },
      Math.max(0, step.at - (performance.now() - this.began)),
    );
  }

  private take(step: Step): void {
    const { devices, rooms } = this.cohort;
    const device = devices[step.device];
    if (device === undefined) return;
    switch (step.kind) {
      case 'cut':
        return void device.cut();
      case 'visit':
        return device.do('visit', () => device.rest.visit());
      case 'mingle': {
        const other = devices[step.other];
        return other && device.do('mingle', () => mingle(this.history, device, other));
      }
      default: {
        const room = rooms[step.channel];
        return room && this.takeIn(room, device, step);
      }
    }
  }

  private takeIn(room: Room, device: Device, step: Extract<Step, { channel: number }>): void {
    switch (step.kind) {
      case 'write':
      case 'again':
        return device.write(room.id, step.serial, step.content);
      case 'fetch':
        return device.do('FETCH_MESSAGES_REQUEST', () =>
          device.client.fetch(room.id, seq(1), seq(LIMITS.fetchMessages)),
        );
      case 'enter':
        return device.do('ENTER_REQUEST', () => device.enter(room.id));
      case 'join':
      case 'quit':
        return this.wander(device, room, step.kind);
    }
  }

  /** All devices of a wanderer enter when one has joined; those that have not quit themselves find out by silence. */
  private wander(device: Device, room: Room, change: 'join' | 'quit'): void {
    device.do(change, async () => {
      await device.become(change, room.id, room.inviteCode);
      if (change === 'quit') return;
      const own = this.cohort.devices.filter(({ user }) => user === device.user);
      await Promise.all(own.map((each) => each.enter(room.id)));
    });
  }

  private firstAcks(since: number): Map<number, number> {
    const first = new Map<number, number>();
    const channelOf = new Map<number, number>();
    for (const entry of this.history.entries) {
      if (entry.kind === 'write') channelOf.set(entry.serial, entry.channel);
      if (entry.kind !== 'ack' || entry.t <= since) continue;
      const channel = channelOf.get(entry.serial);
      if (channel !== undefined && !first.has(channel)) first.set(channel, entry.t);
    }
    return first;
  }

  private async screensComplete(): Promise<void> {
    const last = lastSequences((await this.tables()).rows);
    const memberships = new Memberships(this.history.entries);
    await eventually(() => {
      for (const { name, user, shown } of this.everybody) {
        if (shown === undefined || memberships.final(user, shown.channel) !== 'in') continue;
        const end = last.get(shown.channel) ?? 0;
        if (shown.seq < end) throw new Error(`${name} shows ${shown.seq} of ${end}`);
      }
    }, SCREENS_WITHIN_MS);
  }

  /** Every device by itself, its open channel first: what came while that was on the screen had to be shown there. */
  private async readEverything(): Promise<void> {
    const memberships = new Memberships(this.history.entries);
    await Promise.all(
      this.cohort.devices.map(async (device) => {
        const open = device.shown?.channel;
        for (const { id } of this.rooms.toSorted((a, b) => Number(b.id === open) - Number(a.id === open))) {
          if (memberships.final(device.user, id) === 'in') await device.readAll(id);
        }
      }),
    );
  }

  private tables() {
    return tablesOf(this.system, this.cohort);
  }
}

const lastSequences = (rows: readonly { channel: number; seq: number }[]): Map<number, number> => {
  const last = new Map<number, number>();
  for (const { channel, seq: at } of rows) last.set(channel, Math.max(last.get(channel) ?? 0, at));
  return last;
};
