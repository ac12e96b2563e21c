import { completions } from './complete.js';

const known = { contacts: ['bob', 'Bella', 'cat'], pending: ['zed'], channels: ['1', '12', '3'] };

describe('completion', () => {
  it.each([
    ['/ch', ['/channels ']],
    ['/inv', ['/invitecode ', '/invite ']],
    ['/accept ', ['zed ']],
    ['/disconnect B', ['bob ', 'Bella ']],
    ['/enter 1', ['1 ', '12 ']],
    ['/invitecode ', ['user ', 'channel ']],
    ['/invitecode channel 3', ['3 ']],
    ['/create ', []],
    ['/create room ', ['bob ', 'Bella ', 'cat ']],
    ['/create room bob c', ['cat ']],
    ['/nope x', []],
    ['hello b', []],
    ['/leave x', []],
  ])('%s', (line, expected) => expect(completions(line, known)[0]).toEqual(expected));

  it('replaces the last word only', () => expect(completions('/create room b', known)[1]).toBe('b'));
});
