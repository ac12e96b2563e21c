import { type ApiAnswer, type LinkState, NoAnswer, RequestError, Unreachable } from '@parley/client';

/** What the status line says of the connection; nothing while all is well. */
export function statusText(state: LinkState): string {
  switch (state.state) {
    case 'connecting':
      return 'Connecting…';
    case 'open':
      return '';
    case 'lost':
      return 'Connection lost.';
    case 'waiting':
      return `Connecting again in ${Math.max(1, Math.round(state.delayMs / 1000))} s…`;
    case 'ended':
      return '';
  }
}

export const headCountText = (headCount: number): string => (headCount === 1 ? '1 person' : `${headCount} people`);

export const unsentText = (channelTitle: string): string => `A message to “${channelTitle}” was not sent.`;

/** An error in words for the person at the screen. */
export function failureText(error: unknown): string {
  if (error instanceof RequestError) {
    if (error.failure === 'refused') return error.message;
    if (error.failure === 'unsent') return 'The server could not be asked. Try again.';
    return error.failure === 'timeout' ? 'The server did not answer.' : 'The connection was lost on the way.';
  }
  if (error instanceof Unreachable) return 'The server cannot be reached.';
  if (error instanceof NoAnswer) return 'The server did not answer.';
  return error instanceof Error ? error.message : String(error);
}

/** Somebody else has logged in in another tab of the same browser. */
export const displacedText = (username: string): string =>
  `${username} has logged in in another tab, which has ended this one. For two people, use two browsers or a private window.`;

/** A refused registration or login in words. */
export function refusalText({ status, body, retryAfter }: ApiAnswer): string {
  if (status === 401) return 'Name or password is wrong.';
  if (status === 429) return `Too many attempts, try again in ${retryAfter ?? 60} s.`;
  if (status === 503) return `The server is busy, try again in ${retryAfter ?? 2} s.`;
  return body === '' ? `The server answered ${status}.` : body;
}
