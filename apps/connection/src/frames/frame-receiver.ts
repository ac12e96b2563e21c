import { Injectable } from '@nestjs/common';
import { decodeClientFrame, ERROR_TEXT, UNKNOWN_TYPE } from '@parley/protocol';
import { ConnectionMetrics } from '../server/connection.metrics.js';
import { Pulse } from '../server/pulse.js';
import { SessionWatch } from '../session/session-watch.js';
import type { ClientSocket } from '../socket/client-socket.js';
import { FrameHandlers } from './frame-handlers.js';
import { FrameSender } from './frame-sender.js';

const WARN_EVERY_MS = 1_000;

/** What happens to every frame before its own handler: limits, reading, the session's sign of life. */
@Injectable()
export class FrameReceiver {
  constructor(
    private readonly handlers: FrameHandlers,
    private readonly sender: FrameSender,
    private readonly sessions: SessionWatch,
    private readonly pulse: Pulse,
    private readonly metrics: ConnectionMetrics,
  ) {}

  /** Whatever the text is: it is handed on, or answered with ERROR. */
  receive(socket: ClientSocket, text: string): void {
    this.metrics.framesIn.inc();
    const now = performance.now();
    if (!this.pulse.isSteady(now) || !this.withinBudget(socket, now)) return;
    this.sessions.renew(socket);
    if (this.sender.refusedUnread(socket, text)) return;
    const frame = decodeClientFrame(text);
    if (frame.ok) {
      this.handlers.handle(socket, frame.value, text);
    } else {
      this.metrics.malformed.inc();
      socket.send({ type: 'ERROR', ...frame.error });
    }
  }

  private withinBudget(socket: ClientSocket, now: number): boolean {
    const verdict = socket.budget.take(now);
    if (verdict === 'pass') return true;
    if (verdict === 'flood') {
      socket.close('flood');
    } else if (now - socket.lastWarnedAt >= WARN_EVERY_MS) {
      socket.lastWarnedAt = now;
      socket.send({ type: 'ERROR', messageType: UNKNOWN_TYPE, message: ERROR_TEXT.tooManyFrames });
    }
    return false;
  }
}
