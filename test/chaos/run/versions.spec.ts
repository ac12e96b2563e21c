import { versionIn } from './versions.js';

it.each([
  ['10.11.19-MariaDB-0+deb12u1', '10.11.19'],
  ['Redis server v=7.0.15 sha=00000000:0 malloc=jemalloc-5.3.0 bits=64', '7.0.15'],
  ['nginx version: nginx/1.22.1', '1.22.1'],
  ['', 'unknown'],
])('the version in "%s" is %s', (text, version) => expect(versionIn(text)).toBe(version));
