import { mirrorIn } from './apt-sources.js';

const SECURITY = 'Types: deb\nURIs: http://mirror.test/debian-security\nSuites: bookworm-security\nComponents: main';
const PARAGRAPH =
  'Types: deb\n# a remark\nURIs: http://mirror.test/debian\nSuites: bookworm bookworm-updates\nComponents: main';

describe('the package mirror of this machine', () => {
  it('is found in paragraphs, past the one of security updates', () => {
    expect(mirrorIn([`${SECURITY}\n\n${PARAGRAPH}\n`])).toBe('http://mirror.test/debian');
  });

  it('is found in lines, with or without options', () => {
    expect(mirrorIn(['deb http://mirror.test/debian/ bookworm main contrib'])).toBe('http://mirror.test/debian/');
    expect(mirrorIn(['deb [signed-by=/a.gpg arch=amd64] https://mirror.test/debian bookworm main'])).toBe(
      'https://mirror.test/debian',
    );
  });

  it('is not the archive of another vendor', () => {
    const vendors = [
      'deb https://vendor.test/linux/debian bookworm stable',
      'deb https://vendor.test/apt sdk-bookworm main',
      'Types: deb\nURIs: https://vendor.test/node_24.x\nSuites: nodistro\nComponents: main',
    ];
    expect(mirrorIn(vendors)).toBeUndefined();
    expect(mirrorIn([...vendors, PARAGRAPH])).toBe('http://mirror.test/debian');
  });

  it('is preferred where its path says Debian, and may have any other', () => {
    const other = 'deb https://mirror.test/archive bookworm main';
    expect(mirrorIn([other])).toBe('https://mirror.test/archive');
    expect(mirrorIn([other, PARAGRAPH])).toBe('http://mirror.test/debian');
  });

  it('is not what is commented out or switched off', () => {
    expect(mirrorIn(['# deb http://mirror.test/debian bookworm main', `${PARAGRAPH}\nEnabled: no`])).toBeUndefined();
    expect(mirrorIn(['deb-src http://mirror.test/debian bookworm main'])).toBeUndefined();
  });
});
