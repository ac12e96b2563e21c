import { Passwords } from './password.js';

const passwords = new Passwords();

describe('passwords', () => {
  it('match their own hash and no other', async () => {
    const stored = await passwords.hash('correct horse');
    expect(await passwords.matches(stored, 'correct horse')).toBe(true);
    expect(await passwords.matches(stored, 'Correct horse')).toBe(false);
  });

  it('match however the keyboard composes their letters', async () => {
    expect(await passwords.matches(await passwords.hash('caf\u00e9 noir'), 'cafe\u0301 noir')).toBe(true);
  });

  it('have another hash every time', async () => {
    expect(await passwords.hash('correct horse')).not.toBe(await passwords.hash('correct horse'));
  });

  it('never match where there is no account', async () => {
    expect(await passwords.matches(undefined, 'correct horse')).toBe(false);
  });
});
