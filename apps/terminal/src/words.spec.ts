import { didYouMean, words } from './words.js';

describe('words', () => {
  it.each([
    ['create room bob', ['create', 'room', 'bob']],
    ['  create   room ', ['create', 'room']],
    ['create "reading circle" bob', ['create', 'reading circle', 'bob']],
    ['create "독서 모임" 가나', ['create', '독서 모임', '가나']],
    ['create "" bob', ['create', '', 'bob']],
    ['create "never closed', ['create', 'never closed']],
    ['say it"s', ['say', 'it"s']],
    ['', []],
  ])('%s', (line, expected) => expect(words(line)).toEqual(expected));
});

describe('didYouMean', () => {
  const known = ['channels', 'connections', 'enter', 'exit', 'quit', 'invite', 'invitecode'];
  it.each([
    ['chanels', 'channels'],
    ['conections', 'connections'],
    ['etner', 'enter'],
    ['exot', 'exit'],
    ['invit', 'invite'],
    ['banana', undefined],
  ])('%s: %s', (typed, meant) => expect(didYouMean(typed, known)).toBe(meant));
});
