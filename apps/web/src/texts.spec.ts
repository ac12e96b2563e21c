import { RequestError, Unreachable } from '@parley/client';
import { failureText, headCountText, refusalText, statusText } from './texts.js';

describe('the status line', () => {
  it('is empty while connected', () => expect(statusText({ state: 'open', url: 'ws://x' })).toBe(''));

  it('tells when the next attempt is due', () =>
    expect(statusText({ state: 'waiting', delayMs: 2_400 })).toBe('Connecting again in 2 s…'));

  it('never tells of an attempt in no time', () =>
    expect(statusText({ state: 'waiting', delayMs: 80 })).toBe('Connecting again in 1 s…'));
});

describe('the people of a channel', () => {
  it('are counted', () => expect([1, 2].map(headCountText)).toEqual(['1 person', '2 people']));
});

describe('what went wrong', () => {
  it.each([
    [
      'is the server’s own text for a refusal',
      new RequestError('ENTER_REQUEST', 'refused', 'Not joined.'),
      'Not joined.',
    ],
    ['is told for silence', new RequestError('ENTER_REQUEST', 'timeout', 'x'), 'The server did not answer.'],
    ['is told for what was never sent', new RequestError('ENTER_REQUEST', 'unsent', 'x'), /could not be asked/],
    ['is told for a lost socket', new RequestError('ENTER_REQUEST', 'disconnected', 'x'), /connection was lost/],
    ['is told for a server that is away', new Unreachable('http://x'), 'The server cannot be reached.'],
  ])('%s', (_name, error, text) => expect(failureText(error)).toMatch(text));

  const answer = (status: number, body: string, retryAfter?: number) => ({ status, ok: false, body, retryAfter });
  it.each([
    ['does not tell which of name and password is wrong', answer(401, 'Not authenticated.'), /Name or password/],
    ['tells how long to wait', answer(429, 'Too many attempts.', 42), /42 s/],
    ['tells to come back to a service that is busy', answer(503, 'Login failed.', 2), /busy.* 2 s/],
    ['is the rule that a new name breaks', answer(400, 'Username must be a text.'), 'Username must be a text.'],
    ['is the number where there is no text', answer(403, ''), /403/],
  ])('%s', (_name, given, text) => expect(refusalText(given)).toMatch(text));
});
