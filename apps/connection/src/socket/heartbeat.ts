import { Injectable } from '@nestjs/common';
import { ConnectionSettings } from '../config.js';
import { OpenSockets } from './open-sockets.js';

const LOOK_EVERY_MS = 1_000;

/** Finds peers that have vanished without a word. Each socket has its own rhythm, so pings are spread by themselves. */
@Injectable()
export class Heartbeat {
  private timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly sockets: OpenSockets,
    private readonly settings: ConnectionSettings,
  ) {}

  start(): void {
    this.timer = setInterval(() => this.look(performance.now()), LOOK_EVERY_MS);
  }

  stop(): void {
    clearInterval(this.timer);
  }

  private look(now: number): void {
    for (const socket of this.sockets.all()) {
      if (now - socket.pingedAt < this.settings.pingMs) continue;
      if (socket.isAlive) socket.ping(now);
      else socket.close('deaf');
    }
  }
}
