import { setTimeout as delay } from 'node:timers/promises';
import { Recorder } from '../measure/recorder.js';
import { type Address, Outgoing } from '../wire/chat-socket.js';
import { ReadAckFrames, WriteFrames } from '../wire/client-frames.js';
import { nowUs, STAMP_DIGITS } from '../wire/clock.js';
import { ByteReader } from '../wire/server-frames.js';
import { sourceAddress } from '../wire/source-address.js';
import { concurrently } from './concurrently.js';
import { type LoadedChannel, Member } from './member.js';
import type { Seat } from './plan.js';
import { filler, seeded, shuffled } from './random.js';
import { Schedule } from './schedule.js';
import { judge } from './findings.js';
import type { Findings, Mark, Pace } from './run-report.js';

export interface RunOptions {
  readonly servers: readonly Address[];
  /** Bytes of every text, at least those of a stamp. */
  readonly bytes: number;
  readonly readAcks: boolean;
  readonly seed: number;
  /** Messages that each sender has under way; for a closed loop. */
  readonly window: number;
  /** Messages per second over all senders; makes it an open loop. */
  readonly rate: number | undefined;
  readonly connectsAtOnce: number;
  /** Position of the first socket in a run that is spread over processes; default 0. */
  readonly firstIndex?: number;
}

/** A seat with what the database made of it. */
export type Guest = Seat & { readonly cookie: string; readonly channelId: number | undefined };

const ENTERS_AT_ONCE = 300;
const PATIENCE_MS = 30_000;
const RETRY_MS = 500;
const KEEP_ALIVE_MS = 60_000;
/** An open loop this slow waits for each message by itself; a faster one looks at its schedule every millisecond. */
const PRECISE_BELOW_PER_SECOND = 250;
const SETTLED_EVERY_MS = 50;

/** Everything one process does: connects, enters, sends, counts, and judges what came. */
export class LoadRun {
  readonly recorder = new Recorder();
  readonly reader = new ByteReader();
  readonly members: readonly Member[];
  readonly senders: readonly Member[];
  /** Does something about a socket that was lost; by default it stays lost. */
  onLost: (member: Member) => void = () => undefined;
  private readonly outgoing = new Outgoing();
  private readonly keepAlives: NodeJS.Timeout;
  private sending = false;
  private limit = Infinity;
  private closing = false;

  constructor(
    guests: readonly Guest[],
    private readonly options: RunOptions,
  ) {
    const random = seeded(options.seed);
    const text = filler(Math.max(0, options.bytes - STAMP_DIGITS), random);
    const channels = new Map<number, LoadedChannel>();
    const channelOf = (id: number): LoadedChannel => {
      const known = channels.get(id) ?? { id, writes: new WriteFrames(id, text), readAcks: new ReadAckFrames(id) };
      channels.set(id, known);
      return known;
    };
    const around = {
      recorder: this.recorder,
      outgoing: this.outgoing,
      reader: this.reader,
      sendsReadAcks: options.readAcks,
      onLost: (member: Member) => {
        if (!this.closing) this.onLost(member);
      },
      onAnswer: (member: Member, answer: 'acknowledged' | 'refused') => this.answered(member, answer),
    };
    this.members = guests.map(
      ({ cookie, channelId, writes }) =>
        new Member(cookie, channelId === undefined ? undefined : channelOf(channelId), writes, around),
    );
    this.senders = shuffled(
      random,
      this.members.filter((member) => member.writes),
    );
    this.keepAlives = setInterval(() => {
      for (const member of this.members) member.keepAlive();
      this.outgoing.flush();
    }, KEEP_ALIVE_MS);
  }

  connectAll(): Promise<Pace> {
    return timed(this.members.length, () =>
      concurrently(this.members, this.options.connectsAtOnce, (member, index) =>
        this.patiently(() => this.connect(member, index)),
      ),
    );
  }

  enterAll(): Promise<Pace> {
    const showing = this.members.filter((member) => member.channel !== undefined);
    return timed(showing.length, () =>
      concurrently(showing, ENTERS_AT_ONCE, (member) => this.patiently(() => member.enter())),
    );
  }

  /** One attempt. */
  async connect(member: Member, index: number): Promise<void> {
    const { servers } = this.options;
    const server = servers[index % servers.length];
    if (server === undefined) throw new Error('there is no server to connect to');
    await member.connect(server, sourceAddress(index + (this.options.firstIndex ?? 0), servers.length));
  }

  /** A server that is full or busy says so, and may take the next attempt. */
  private async patiently(attempt: () => Promise<void>): Promise<void> {
    const deadline = performance.now() + PATIENCE_MS;
    for (;;) {
      try {
        return await attempt();
      } catch (error) {
        this.recorder.failedConnects += 1;
        if (performance.now() > deadline) throw error;
        await delay(RETRY_MS);
      }
    }
  }

  /** Begins to send; `stop` ends it, and so do as many `messages` in a closed loop. */
  start(messages = Infinity): void {
    this.sending = true;
    this.limit = this.recorder.sent + messages;
    const { rate, window } = this.options;
    if (rate !== undefined) {
      void this.follow(new Schedule(nowUs(), rate), rate);
      return;
    }
    for (const member of this.senders) {
      for (let i = 0; i < window; i += 1) member.write(nowUs());
    }
    this.outgoing.flush();
  }

  /** Messages that are due from now on count for the latencies. */
  open(): void {
    this.recorder.open(nowUs());
  }

  mark(): Mark {
    return this.recorder.mark(nowUs(), this.inFlight);
  }

  /** Nothing new is sent, and what is due from now on does not count. */
  stop(): void {
    this.recorder.close(nowUs());
    this.sending = false;
  }

  get isSettled(): boolean {
    return this.findings().unanswered === 0 && this.findings().lost === 0;
  }

  /** Waits until everything that was sent is answered and delivered, at most `ms`. */
  async settle(ms: number): Promise<void> {
    const deadline = performance.now() + ms;
    while (!this.isSettled && performance.now() < deadline) await delay(SETTLED_EVERY_MS);
  }

  findings(): Findings {
    return judge(this.members, this.recorder);
  }

  /** Messages under way. */
  get inFlight(): number {
    return this.senders.reduce((sum, member) => sum + member.outstanding.size, 0);
  }

  close(): void {
    this.closing = true;
    clearInterval(this.keepAlives);
    for (const member of this.members) member.close();
  }

  flush(): void {
    this.outgoing.flush();
  }

  private answered(member: Member, answer: 'acknowledged' | 'refused'): void {
    if (!this.sending || this.options.rate !== undefined) return;
    if (answer === 'refused') member.repeatOldestLater();
    else if (this.recorder.sent < this.limit) member.write(this.recorder.traffic.receivedAtUs);
  }

  private async follow(schedule: Schedule, rate: number): Promise<void> {
    const precise = rate < PRECISE_BELOW_PER_SECOND;
    while (this.sending) {
      const now = nowUs();
      schedule.run(now, (index, dueUs) => {
        this.recorder.sentLate(dueUs, now);
        this.senders[index % this.senders.length]?.write(dueUs);
      });
      this.outgoing.flush();
      const waitMs = (schedule.nextUs - nowUs()) / 1000;
      // Timers count whole milliseconds: the last one is spent looking at sockets.
      if (precise && waitMs < 1) await new Promise((resolve) => setImmediate(resolve));
      else await delay(precise ? waitMs - 1 : 1);
    }
  }
}

async function timed(count: number, work: () => Promise<void>): Promise<Pace> {
  const began = performance.now();
  await work();
  const seconds = (performance.now() - began) / 1000;
  return { count, seconds, perSecond: count / Math.max(seconds, 0.001) };
}
