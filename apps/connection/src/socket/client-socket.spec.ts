import { jest } from '@jest/globals';
import { channelId, LIMITS, seq } from '@parley/protocol';
import { type FakePeer, fakeSocket, written } from '../../test/fake-socket.js';
import type { ClientSocket } from './client-socket.js';

function listening(options?: Parameters<typeof fakeSocket>[0]) {
  const fake = fakeSocket(options);
  const heard: string[] = [];
  const gone: unknown[] = [];
  fake.socket.receiveWith((text) => heard.push(text));
  fake.socket.whenGone((reason) => gone.push(reason));
  return { ...fake, heard, gone };
}

describe('a socket', () => {
  it('hands over texts, and any message is a sign of life', () => {
    const { socket, peer, heard } = listening();
    socket.ping(1);
    expect(socket.isAlive).toBe(false);
    peer.says(Buffer.from('hello'));
    expect([socket.isAlive, heard]).toEqual([true, ['hello']]);
    socket.ping(2);
    peer.emit('pong');
    expect(socket.isAlive).toBe(true);
  });

  it('has surely got what was written before the last ping that it answered', async () => {
    const { socket, peer } = listening();
    socket.shown.begin(channelId(7), seq(3));
    socket.ping(1);
    peer.emit('pong');
    expect(socket.shown.confirmed).toBe(3);
    socket.shown.written = seq(5);
    socket.ping(2);
    socket.shown.written = seq(6);
    expect(socket.shown.confirmed).toBe(3);
    peer.emit('pong');
    expect(socket.shown.confirmed).toBe(5);
  });

  it('writes what is waiting ahead of a ping', () => {
    const { socket, frames } = listening();
    socket.send({ type: 'LEAVE_RESPONSE' });
    expect(frames).toEqual([]);
    socket.ping(1);
    expect(frames).toEqual(['LEAVE_RESPONSE']);
  });

  it.each([
    ['cut off without a word', (peer: FakePeer) => peer.emit('close', 1006), true],
    ['closed by its peer', (peer: FakePeer) => peer.emit('close', 1001), false],
    ['deaf', (_: FakePeer, socket: ClientSocket) => socket.close('deaf'), true],
    [
      'sent away, and then cut off',
      (peer: FakePeer, socket: ClientSocket) => {
        socket.close('goingAway');
        peer.emit('close', 1006);
      },
      false,
    ],
  ])('that is %s: whether its last frames may not have arrived', (_, end, isLost) => {
    const { socket, peer } = listening();
    end(peer, socket);
    expect(socket.isLost).toBe(isLost);
    peer.emit('close', 1006);
  });

  it('is not read while too many of its frames are on their way, and is again when half of them have arrived', () => {
    const { socket, peer } = listening({ framesInFlight: 4 });
    for (let frames = 0; frames < 4; frames++) socket.frameLeft();
    expect(peer.isPaused).toBe(true);
    socket.frameSettled();
    expect(peer.isPaused).toBe(true);
    socket.frameSettled();
    expect(peer.isPaused).toBe(false);
  });

  it.each([
    ['a binary message', Buffer.from('x'), true, 'close 1003'],
    ['a message in pieces', [Buffer.from('x')], false, 'close 1003'],
    ['a text that is too long', Buffer.from('x'.repeat(LIMITS.frameCharacters + 1)), false, 'close 1009'],
  ])('is closed over %s', (_, data, isBinary, expected) => {
    const { socket, peer, heard } = listening();
    peer.says(data, isBinary);
    expect([peer.done, heard, socket.isClosing]).toEqual([[expected], [], true]);
    peer.emit('close');
  });

  it('that rests is read again after a moment, unless too many of its frames are on their way', () => {
    jest.useFakeTimers();
    try {
      const { socket, peer } = listening({ framesInFlight: 2 });
      socket.rest();
      socket.rest();
      expect(peer.isPaused).toBe(true);
      jest.advanceTimersByTime(20);
      expect(peer.isPaused).toBe(false);
      socket.frameLeft();
      socket.frameLeft();
      socket.rest();
      jest.advanceTimersByTime(20);
      expect(peer.isPaused).toBe(true);
      socket.frameSettled();
      expect(peer.isPaused).toBe(false);
    } finally {
      jest.useRealTimers();
    }
  });

  it('that rests while it closes hears the other side all the same', () => {
    const { socket, peer } = listening();
    socket.rest();
    socket.close('sessionEnded');
    socket.rest();
    expect(peer.isPaused).toBe(false);
  });

  it('takes a text of exactly the longest length', () => {
    const { peer, heard } = listening();
    peer.says(Buffer.from('x'.repeat(LIMITS.frameCharacters)));
    expect(heard).toHaveLength(1);
  });

  it('hears nothing any more, sends nothing and is gone once when it is closed', async () => {
    const { socket, peer, heard, gone, frames } = listening();
    socket.close('flood');
    socket.close('goingAway');
    socket.send({ type: 'LEAVE_RESPONSE' });
    peer.says(Buffer.from('hello'));
    peer.emit('close');
    await written();
    expect([peer.done, heard, frames, gone]).toEqual([['close 4200'], [], [], ['flood']]);
  });

  it('is closed with the word to resume when its reader is too slow', async () => {
    const { socket, peer, stream, gone } = listening({ sendQueueBytes: 10 });
    stream.writableLength = 10;
    socket.send({ type: 'LEAVE_RESPONSE' });
    await written();
    expect([peer.done, peer.farewell, gone]).toEqual([['close 4000'], 'Too slow, resume', ['slowConsumer']]);
    peer.emit('close');
  });

  it('is gone without a reason when the peer leaves', () => {
    const { peer, gone } = listening();
    peer.emit('error', new Error('reset'));
    peer.emit('close');
    expect(gone).toEqual([undefined]);
  });

  it('reads on while it closes, so that it sees the answer, and is cut off when none comes', () => {
    jest.useFakeTimers();
    try {
      const { socket, peer } = listening({ framesInFlight: 1 });
      socket.frameLeft();
      socket.close('deaf');
      expect(peer.isPaused).toBe(false);
      jest.advanceTimersByTime(2_000);
      expect(peer.done).toEqual(['close 4001', 'cut off']);
    } finally {
      jest.useRealTimers();
    }
  });
});
