import { seq } from '@parley/protocol';
import { ChannelCursor } from './channel-cursor.js';

const RETRY_MS = 5_000;
const placed = (...numbers: number[]) => numbers.map((number) => ({ seq: seq(number), item: `m${number}` }));
const cursorAt = (position: number) => new ChannelCursor<string>(seq(position));
const arrives = (cursor: ChannelCursor<string>, ...numbers: number[]): number[] =>
  numbers.flatMap((number) => {
    const next = cursor.accept(seq(number), `m${number}`);
    return next ? [number, ...cursor.released().map((message) => message.seq)] : [];
  });

describe('the cursor of a channel', () => {
  it('delivers what is next and drops what is repeated', () => {
    const cursor = cursorAt(3);
    expect(arrives(cursor, 4, 5, 5, 4, 3, 6)).toEqual([4, 5, 6]);
    expect(cursor.missing(0, RETRY_MS)).toBe('none');
  });

  it('holds what comes too early, asks once, and goes on in order when the gap is filled', () => {
    const cursor = cursorAt(3);
    expect(arrives(cursor, 6, 7)).toEqual([]);
    expect(cursor.missing(0, RETRY_MS)).toBe('ask');
    cursor.asking(0);
    expect(cursor.missing(100, RETRY_MS)).toBe('awaited');
    expect(cursor.fill(placed(4, 5, 6), seq(6)).map((message) => message.seq)).toEqual([4, 5, 6, 7]);
    expect(cursor.missing(100, RETRY_MS)).toBe('none');
  });

  it('goes on without a replay when the missing message turns up late', () => {
    const cursor = cursorAt(3);
    expect(arrives(cursor, 5, 4)).toEqual([4, 5]);
    expect(cursor.missing(0, RETRY_MS)).toBe('none');
  });

  it('asks again at once when the answer did not reach the end', () => {
    const cursor = cursorAt(0);
    arrives(cursor, 9);
    cursor.asking(0);
    expect(cursor.fill(placed(1, 2, 3), seq(9))).toHaveLength(3);
    expect(cursor.missing(1, RETRY_MS)).toBe('ask');
  });

  it('asks again after five seconds without an answer that helped', () => {
    const cursor = cursorAt(0);
    arrives(cursor, 2);
    cursor.asking(0);
    expect(cursor.fill([], seq(0))).toEqual([]);
    expect(cursor.missing(4_999, RETRY_MS)).toBe('awaited');
    expect(cursor.missing(5_000, RETRY_MS)).toBe('ask');
  });

  it('does not wait for a sequence that the whole answer skips', () => {
    const cursor = cursorAt(3);
    arrives(cursor, 7);
    cursor.asking(0);
    expect(cursor.fill(placed(4, 6, 7), seq(7)).map((message) => message.seq)).toEqual([4, 6, 7]);
    expect(cursor.missing(0, RETRY_MS)).toBe('none');
  });

  it('does not take the answer to an older question for the whole truth', () => {
    const cursor = cursorAt(5);
    arrives(cursor, 8);
    cursor.asking(0);
    cursor.rewind(seq(3));
    expect(cursor.fill(placed(6, 7, 8), seq(8))).toEqual([]);
    expect(cursor.missing(0, RETRY_MS)).toBe('awaited');
    cursor.asking(RETRY_MS);
    expect(cursor.fill(placed(4, 5), seq(8)).map((message) => message.seq)).toEqual([4, 5, 6, 7, 8]);
  });

  it('misses messages when a newcomer is told of more than has arrived', () => {
    const cursor = cursorAt(3);
    cursor.expect(seq(5));
    expect(cursor.missing(0, RETRY_MS)).toBe('ask');
    expect(arrives(cursor, 4, 5)).toEqual([4, 5]);
    expect(cursor.missing(0, RETRY_MS)).toBe('none');
  });

  it('keeps no more than its share in memory and has the rest replayed', () => {
    const cursor = new ChannelCursor<string>(seq(0), 2);
    arrives(cursor, 3, 4, 5, 6);
    cursor.asking(0);
    expect(cursor.fill(placed(1, 2), seq(6)).map((message) => message.seq)).toEqual([1, 2, 3, 4]);
    expect(cursor.missing(0, RETRY_MS)).toBe('ask');
  });
});
