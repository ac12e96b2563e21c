import { setImmediate as nextTurn } from 'node:timers/promises';
import { FlushQueue } from './flush-queue.js';
import { SocketWriter } from './socket-writer.js';

/** A stream under a socket whose reader takes everything, or nothing any more. */
function setUp({ limitBytes = 100, isStuck = false } = {}) {
  const writes: string[] = [];
  const overflows: string[] = [];
  const socket = {
    writableLength: 0,
    writable: true,
    write: (bytes: Uint8Array) => {
      writes.push(Buffer.from(bytes).toString());
      if (isStuck) socket.writableLength += bytes.length;
    },
  };
  const writer = new SocketWriter(socket, new FlushQueue(), limitBytes, () => overflows.push('overflow'));
  return { writer, writes, overflows, socket };
}

describe('the writer of a socket', () => {
  it('is the one writer of its socket: the frames of a turn leave at once, whole and in order', async () => {
    const { writer, writes } = setUp();
    for (const frame of ['a', 'b', 'c']) writer.write(Buffer.from(frame));
    await nextTurn();
    writer.write(Buffer.from('d'));
    await nextTurn();
    expect(writes).toEqual(['abc', 'd']);
  });

  it('takes nothing more once a slow reader is over the limit, and says so once', async () => {
    const { writer, writes, overflows } = setUp({ limitBytes: 10, isStuck: true });
    const taken = ['abc', 'def', 'ghi', 'jkl', 'm'].map((frame) => writer.write(Buffer.from(frame)));
    await nextTurn();
    expect({ taken, writes, overflows }).toEqual({
      taken: [true, true, true, false, false],
      writes: ['abcdefghi'],
      overflows: ['overflow'],
    });
  });

  it('does not blame a quick reader for a burst above the limit', async () => {
    const { writer, writes, overflows } = setUp({ limitBytes: 10 });
    for (const frame of ['abcd', 'efgh', 'ijkl', 'mnop', 'qrst']) writer.write(Buffer.from(frame));
    await nextTurn();
    expect(writes.join('')).toBe('abcdefghijklmnopqrst');
    expect(overflows).toEqual([]);
  });

  it('takes a single frame above the limit when nothing is waiting', () => {
    const { writer, overflows } = setUp({ limitBytes: 3 });
    expect(writer.write(Buffer.from('longer'))).toBe(true);
    expect(overflows).toEqual([]);
  });

  it('writes what is waiting when it ends', () => {
    const { writer, writes } = setUp();
    writer.write(Buffer.from('last'));
    writer.end();
    expect(writer.write(Buffer.from('too late'))).toBe(false);
    expect(writes).toEqual(['last']);
  });

  it('does not write to a stream that has gone', async () => {
    const { writer, writes, socket } = setUp();
    writer.write(Buffer.from('a'));
    socket.writable = false;
    await nextTurn();
    expect(writes).toEqual([]);
  });
});
