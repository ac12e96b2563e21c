import { COMMANDS, helpLines, isSecret } from './commands.js';
import { isKept } from './history-file.js';
import { coloursFor } from './screen.js';

describe('commands', () => {
  it('are all explained by /help', () => {
    const explained = helpLines().map((line) => line.trim().split(/ {2,}/));
    for (const [name, { usage, about }] of Object.entries(COMMANDS)) {
      expect(explained).toContainEqual([`/${name} ${usage}`.trimEnd(), about]);
    }
  });

  it.each([
    ['/login ann secret99', true],
    ['/LOGIN ann secret99', true],
    ['/ login ann secret99', true],
    ['/"login" ann secret99', true],
    ['/logn ann secret99', true],
    ['/xyz ann secret99', true],
    ['/logn', false],
    ['/entre book club', false],
    ['  /register ann secret99', true],
    ['/login ann', false],
    ['/enter 3', false],
  ])('%s carries a password: %s', (line, secret) => {
    expect(isSecret(line)).toBe(secret);
    expect(isKept(line)).toBe(!secret);
  });

  it('keeps nothing of what was said', () => expect(isKept('hello')).toBe(false));
});

describe('colours', () => {
  it.each([
    ['a pipe', false, {}],
    ['NO_COLOR', true, { NO_COLOR: '1' }],
    ['a dumb terminal', true, { TERM: 'dumb' }],
  ])('are off for %s', (_name, isTty, env) => expect(coloursFor(isTty, env).problem('x')).toBe('x'));

  it('are on otherwise', () => expect(coloursFor(true, { TERM: 'xterm' }).problem('x')).not.toBe('x'));
});
