import { PassThrough } from 'node:stream';
import { Api, ChatClient, Endpoints, fixedServer } from '@parley/client';
import { openNodeSocket } from '@parley/client/node';
import { coloursFor } from '../src/screen.js';
import { Shell } from '../src/shell.js';
import { TtyFace } from '../src/tty-face.js';
import { Recorder } from './stage.js';

function open() {
  const input = new PassThrough();
  const output = new Recorder();
  const lines: string[] = [];
  let ends = 0;
  const face = new TtyFace({
    input,
    output,
    colours: coloursFor(false, {}),
    history: ['/channels'],
    onLine: (line) => lines.push(line),
    onInterrupt: () => (ends += 1),
    onEnd: () => (ends += 1),
    known: () => Promise.resolve({ contacts: ['bob'], pending: [], channels: [] }),
  });
  return { input, output, lines, face, ended: () => ends > 0 };
}

describe('the terminal with line editing', () => {
  it('prints messages above what is being typed and keeps it', async () => {
    const { input, output, lines, face } = open();
    input.write('half a th');
    await output.seen('half a th');
    const before = output.text.length;
    face.message('bob', 'hello', false);
    await output.seen('bob : hello\n', before);
    await output.seen('Enter message: half a th', before);
    input.write('ought\r');
    await output.seen('ought');
    expect(lines).toEqual(['half a thought']);
    face.close();
  });

  it('empties the screen at /clear and keeps what is being typed', async () => {
    const { input, output, face } = open();
    const endpoints = new Endpoints(fixedServer('http://127.0.0.1:1'));
    const client = new ChatClient({ endpoints, openSocket: openNodeSocket });
    const shell = new Shell({ api: new Api(endpoints), client, screen: face, waitForSends: false });
    input.write('half a th');
    await output.seen('half a th');
    const before = output.text.length;
    await shell.handle('/clear');
    const shown = output.text.slice(before);
    expect(shown.startsWith('\u001B[1;1H\u001B[0J')).toBe(true);
    expect(shown).toContain('Enter message: half a th');
    face.close();
  });

  it('completes commands and names with Tab', async () => {
    const { input, output, lines, face } = open();
    input.write('/disc\t');
    await output.seen('/disconnect ');
    input.write('b\t');
    await output.seen('bob');
    input.write('\r');
    expect(lines).toEqual(['/disconnect bob ']);
    face.close();
  });

  it('recalls earlier commands but no line with a password', () => {
    const { input, lines, face } = open();
    input.write('/login ann secret99\r\u001B[A\r');
    expect(lines).toEqual(['/login ann secret99', '/channels']);
    face.close();
  });

  it('asks for a password unseen and forgets it', async () => {
    const { input, output, lines, face } = open();
    const asked = face.askSecret('Password: ');
    input.write('secret99\r');
    expect(await asked).toBe('secret99');
    input.write('\u001B[A\r');
    expect(lines).toEqual(['/channels']);
    expect(output.text).not.toContain('secret');
    face.close();
  });

  it.each([
    ['Ctrl-C', '\u0003'],
    ['Ctrl-D', '\u0004'],
  ])('ends with %s', (_name, key) => {
    const { input, ended } = open();
    input.write(key);
    expect(ended()).toBe(true);
  });

  it('still says what happens after Ctrl-D, on lines of its own', async () => {
    const { input, output, face } = open();
    input.write('\u0004');
    const before = output.text.length;
    face.system('Logout successful.');
    face.clear();
    face.close();
    await output.seen('=> Logout successful.\n', before);
    expect(output.text.slice(before)).not.toContain('Enter message');
  });
});
