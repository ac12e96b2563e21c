import { printable } from './printable.js';

describe('printable', () => {
  it.each([
    ['ordinary text stays', 'hi, 안녕 👋🏽 naïve', 'hi, 안녕 👋🏽 naïve'],
    ['colours go', '\u001B[31mred\u001B[0m', 'red'],
    ['cursor movements go', 'a\u001B[2J\u001B[1;1Hb', 'ab'],
    ['window titles go', '\u001B]0;you are root\u0007hi', 'hi'],
    ['a lone escape goes', '\u001Bhi\u001B', 'hi'],
    ['one-byte controls go', '\u009B31mx\u0008\u0007', '31mx'],
    ['a line end cannot fake a line of the program', 'hi\r\n=> Logout successful.', 'hi => Logout successful.'],
    ['text direction stays', 'abc\u202Efed\u2066', 'abcfed'],
  ])('%s', (_name, text, expected) => expect(printable(text)).toBe(expected));
});
