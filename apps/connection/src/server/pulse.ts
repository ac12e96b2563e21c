import { Injectable } from '@nestjs/common';
import { Log } from '@parley/platform';
import { OpenSockets } from '../socket/open-sockets.js';

const BEAT_EVERY_MS = 1_000;
/** After this long without an answer clients have given up and tried elsewhere. */
const STALLED_MS = 10_000;

/**
 * Notices that this process has not run for a while, because it was stopped or its machine was frozen. What its sockets
 * sent before that, and what it reads from them now, is stale: their users may have done something else meanwhile on
 * another server, and an old command carried out now would undo it. So all of them are sent away unread.
 */
@Injectable()
export class Pulse {
  private beatAt = performance.now();
  private timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly sockets: OpenSockets,
    private readonly log: Log,
  ) {}

  start(): void {
    this.beatAt = performance.now();
    this.timer = setInterval(() => this.isSteady(performance.now()), BEAT_EVERY_MS);
  }

  stop(): void {
    clearInterval(this.timer);
  }

  /**
   * Asked before every frame too, because sockets are read before timers run. False: the frame must not be handed on.
   * @param now ms
   */
  isSteady(now: number): boolean {
    const away = now - this.beatAt;
    if (away < STALLED_MS) {
      if (away >= BEAT_EVERY_MS) this.beatAt = now;
      return true;
    }
    this.beatAt = now;
    this.log.warn(
      { awayMs: Math.round(away), sockets: this.sockets.size },
      'was not running, sending sockets elsewhere',
    );
    for (const socket of this.sockets.all()) socket.close('goingAway');
    return false;
  }
}
