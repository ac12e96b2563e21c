import { Inject, Injectable } from '@nestjs/common';
import { ConnectionSettings } from '../config.js';
import { ServerIdentity } from '../server/server-identity.js';

/** How often the rate of answers is looked at, in ms. */
const LOOK_EVERY_MS = 250;
/** While it is full, one message in this time is let through, in ms: if all that was handed on is lost, its answer says so. */
const PROBE_EVERY_MS = 1_000;
/** The part of the new reading in the smoothed rate. */
const NEW_PART = 0.4;

/**
 * How many messages this server has handed on that nobody has answered yet, and whether that is more than the system
 * answers in a bearable time. Then new ones are refused at once: a queue that only grows would make every sender wait
 * for an answer that comes too late to be of use. Messages are numbered and answered about in order, so the newest
 * answer tells how far the others have come; nothing is kept for each of them.
 */
@Injectable()
export class Backlog {
  private newest = 0;
  private answered = 0;
  private answeredBefore = 0;
  private perSecond = 0;
  private leftAt = 0;
  private lookedAt = performance.now();
  private timer: NodeJS.Timeout | undefined;

  constructor(
    @Inject(ConnectionSettings) private readonly settings: Pick<ConnectionSettings, 'backlog'>,
    private readonly identity: ServerIdentity,
  ) {}

  start(): void {
    this.timer = setInterval(() => this.look(performance.now()), LOOK_EVERY_MS);
  }

  stop(): void {
    clearInterval(this.timer);
  }

  /** Messages without an answer, about. */
  get size(): number {
    return Math.max(0, this.newest - this.answered);
  }

  get isFull(): boolean {
    const { alwaysWaiting, waitMs } = this.settings.backlog;
    if (this.size < Math.max(alwaysWaiting, (this.perSecond * waitMs) / 1_000)) return false;
    return performance.now() - this.leftAt < PROBE_EVERY_MS;
  }

  /** A message was handed on as this request. */
  left(request: string): void {
    this.leftAt = performance.now();
    this.newest = Math.max(this.newest, this.identity.numberOfWrite(request));
  }

  /** A message was stored or refused, or could not be handed on. */
  settled(request: string): void {
    this.answered = Math.max(this.answered, this.identity.numberOfWrite(request));
  }

  /** Takes a reading of the rate; `now` in ms. */
  look(now: number): void {
    const seconds = (now - this.lookedAt) / 1_000;
    if (seconds <= 0) return;
    const reading = (this.answered - this.answeredBefore) / seconds;
    this.perSecond += (reading - this.perSecond) * NEW_PART;
    this.answeredBefore = this.answered;
    this.lookedAt = now;
  }
}
