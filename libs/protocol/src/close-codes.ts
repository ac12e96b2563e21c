/**
 * WebSocket close codes and what a client does next. 1xxx are the standard's; 40xx: connect again at once and
 * resume by sequence; 41xx: the session is over, log in first; 42xx: back off before connecting again.
 */
export const CLOSE = {
  goingAway: { code: 1001, reason: 'Server is going away, resume elsewhere' },
  binary: { code: 1003, reason: 'Binary messages not supported' },
  tooBig: { code: 1009, reason: 'Frame too long' },
  slowConsumer: { code: 4000, reason: 'Too slow, resume' },
  deaf: { code: 4001, reason: 'No answer to ping, resume' },
  sessionEnded: { code: 4100, reason: 'Session ended' },
  flood: { code: 4200, reason: 'Too many messages' },
} as const;

export type Reconnect = 'resume' | 'login' | 'backoff';

/** What a close code asks of the client. */
export function reconnectAfter(code: number): Reconnect {
  if (code >= 4100 && code < 4200) return 'login';
  if (code >= 4200 && code < 4300) return 'backoff';
  return 'resume';
}
