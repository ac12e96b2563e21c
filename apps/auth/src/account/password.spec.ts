import { jest } from '@jest/globals';
import * as argon2 from '@node-rs/argon2';

/** The library itself, with a count of what it is asked. */
const verify = jest.fn(argon2.verify);
jest.unstable_mockModule('@node-rs/argon2', () => ({ ...argon2, verify }));
const { Passwords } = await import('./password.js');

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

  it('cost one verification with the same parameters, whether there is an account or not', async () => {
    const stored = await passwords.hash('correct horse');
    verify.mockClear();
    for (const hash of [stored, undefined]) await passwords.matches(hash, 'wrong horse');
    const parameters = verify.mock.calls.map(([hash]) => String(hash).split('$').slice(1, 4).join('$'));
    expect(parameters).toEqual(['argon2id$v=19$m=19456,t=2,p=1', 'argon2id$v=19$m=19456,t=2,p=1']);
  });

  it('never match where there is no account', async () => {
    expect(await passwords.matches(undefined, 'correct horse')).toBe(false);
  });
});
