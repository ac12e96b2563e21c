import { setTimeout as delay } from 'node:timers/promises';
import { Inject, Injectable } from '@nestjs/common';
import { Log } from '@parley/platform';
import type { UserId } from '@parley/protocol';
import { ConnectionSettings } from '../config.js';
import { ConnectionMetrics } from '../server/connection.metrics.js';
import { OpenSockets } from '../socket/open-sockets.js';
import { LocationStore } from './location-store.js';
import { RefreshRound } from './refresh-round.js';

/** Entries are written this often in their time to live: four in a row may fail before one ends. */
const REFRESHES_PER_TTL = 5;
const BEAT_MS = 1_000;
/** Entries that are on their way at once. */
const BATCH = 256;
/** At a stop, entries that Redis takes no faster are left to their own end. */
const FAREWELL_MS = 1_000;

/**
 * Keeps Redis told which users are connected here. For people and programs that look there: messages are routed by what
 * the presence announcer says, so a Redis that is away or slow only leaves entries as they are until it is back.
 */
@Injectable()
export class LocationRegistry {
  /** Everybody who may have an entry of this server: who is connected, and whose entry could not be removed yet. */
  private readonly round: RefreshRound;
  private readonly waiting = new Set<UserId>();
  private writing: Promise<void> | undefined;
  private isBehind = false;
  private timer: NodeJS.Timeout | undefined;

  constructor(
    @Inject(OpenSockets) private readonly sockets: Pick<OpenSockets, 'ofUser'>,
    @Inject(LocationStore) private readonly store: Pick<LocationStore, 'put' | 'remove'>,
    @Inject(ConnectionSettings) settings: Pick<ConnectionSettings, 'locationTtlSeconds'>,
    private readonly metrics: ConnectionMetrics,
    private readonly log: Log,
  ) {
    this.round = new RefreshRound(Math.floor((settings.locationTtlSeconds * 1_000) / REFRESHES_PER_TTL / BEAT_MS));
  }

  start(): void {
    this.timer = setInterval(() => this.write(this.round.next()), BEAT_MS);
  }

  /** Call it when no socket is left: their entries go with them. */
  async stop(): Promise<void> {
    clearInterval(this.timer);
    await Promise.race([this.writing, delay(FAREWELL_MS, undefined, { ref: false })]);
  }

  /** A socket of this user has opened or closed. */
  changed(userId: UserId): void {
    this.round.add(userId);
    this.write([userId]);
  }

  private write(users: Iterable<UserId>): void {
    for (const userId of users) this.waiting.add(userId);
    if (this.waiting.size > 0) this.writing ??= this.writeWaiting();
  }

  /** One batch after the other, so that no two writes about the same user can overtake each other. */
  private async writeWaiting(): Promise<void> {
    while (this.waiting.size > 0) {
      const batch = this.nextBatch();
      const written = await Promise.allSettled(batch.map((userId) => this.writeEntry(userId)));
      const failures = written.filter((result) => result.status === 'rejected');
      this.metrics.locationsSkipped.inc(failures.length);
      if (failures.length === batch.length) this.skipTheRest(failures[0]?.reason);
      else if (failures.length === 0) this.caughtUp();
    }
    this.writing = undefined;
  }

  private nextBatch(): UserId[] {
    const batch: UserId[] = [];
    for (const userId of this.waiting) {
      if (batch.length === BATCH) break;
      batch.push(userId);
      this.waiting.delete(userId);
    }
    return batch;
  }

  /** What is true when it is sent, not when it was asked for. */
  private async writeEntry(userId: UserId): Promise<void> {
    if (this.isHere(userId)) return this.store.put(userId);
    await this.store.remove(userId);
    // The user may have come back meanwhile, and waits to be written again.
    if (!this.isHere(userId)) this.round.delete(userId);
  }

  private isHere(userId: UserId): boolean {
    return this.sockets.ofUser(userId).size > 0;
  }

  /** All of them come again with the round. */
  private skipTheRest(error: unknown): void {
    this.metrics.locationsSkipped.inc(this.waiting.size);
    this.waiting.clear();
    if (!this.isBehind) this.log.warn({ error }, 'Redis does not take where users are connected, will keep trying');
    this.isBehind = true;
  }

  private caughtUp(): void {
    if (this.isBehind) this.log.info('Redis takes again where users are connected');
    this.isBehind = false;
  }
}
