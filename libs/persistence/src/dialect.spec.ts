import { dialectOf } from './dialect.js';

const mariadb = dialectOf('11.8.3-MariaDB-log');
const mysql = dialectOf('8.4.3');

describe('a replica has reached a position', () => {
  it.each([
    ['at it', '0-1-100', '0-1-100', true],
    ['beyond it', '0-1-100', '0-1-107', true],
    ['in every domain', '0-1-100,7-3-5', '7-3-5,0-1-100', true],
    ['not where it holds what another server has written under these numbers', '0-2-102', '0-1-105', false],
    ['not where it knows nothing of a domain', '0-1-100,7-3-5', '0-1-100', false],
    ['not where the server is another one that begins alike', '0-1-100', '0-13-100', false],
  ])('%s', (_, position, reached, expected) => {
    expect(mariadb.hasReached(position, { waited: 0, reached })).toBe(expected);
  });

  it.each([
    ['MariaDB', mariadb, -1],
    ['MariaDB', mariadb, null],
    ['MySQL', mysql, 1],
    ['MySQL', mysql, null],
  ])('only if %s says so in time', (_, { hasReached }, waited) => {
    expect(hasReached('', { waited, reached: '' })).toBe(false);
  });

  const [own, old] = ['3e11fa47-71ca-11e1-9e33-c80aa9429562', '4df9d68b-ebf7-11f1-950a-02fc00000001'];
  it.each([
    ['at it', `${own}:1-5`, `${own}:1-5`, true],
    ['beyond it', `${own}:1-5`, `${own}:1-7`, true],
    ['and wrote nothing since it was a source', `${old}:1-9,\n${own}:1-5`, `${own}:1-6,\n${old}:1-9`, true],
    ['before it has written anything of its own', `${old}:1-9`, `${old}:1-9,\n${own}:1`, true],
    [
      'not where it was a source and has more than its successor',
      `${old}:1-9,\n${own}:1-5`,
      `${old}:1-10,\n${own}:1-5`,
      false,
    ],
    ['not where it has what nobody else knows', `${own}:1-5`, `${old}:1,\n${own}:1-5`, false],
  ])('of MySQL %s', (_, committed, reached, expected) => {
    expect(mysql.hasReached(`${own}=${committed}`, { waited: 0, reached })).toBe(expected);
  });
});
