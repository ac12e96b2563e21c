import { ToldNotices } from './told-notices.js';

it('remembers the last thousand notices', () => {
  const told = new ToldNotices();
  for (let n = 0; n < 1_001; n++) expect(told.isNew(`r${n}`, 'text')).toBe(true);
  expect(told.isNew('r1', 'text')).toBe(false);
  expect(told.isNew('r0', 'text')).toBe(true);
});
