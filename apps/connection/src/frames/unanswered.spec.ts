import { Unanswered } from './unanswered.js';

const frame = (name: string, since: number) => ({ name, since });
const names = (frames: Iterable<{ name: string }>): string[] => [...frames].map(({ name }) => name);

describe('frames without an answer', () => {
  it('are overdue after their time, the oldest first, once', () => {
    const waiting = new Unanswered<ReturnType<typeof frame>>(100);
    waiting.add('r1', frame('one', 0));
    waiting.add('r2', frame('two', 50));
    waiting.add('r3', frame('three', 51));
    expect(names(waiting.takeOverdue(99))).toEqual([]);
    expect(names(waiting.takeOverdue(150))).toEqual(['one', 'two']);
    expect(names(waiting.takeOverdue(150))).toEqual([]);
    expect(waiting.take('r1')).toBe(false);
    expect(waiting.take('r3')).toBe(true);
  });

  it('are never overdue when they were answered', () => {
    const waiting = new Unanswered<ReturnType<typeof frame>>(100);
    waiting.add('r1', frame('one', 0));
    waiting.add('r2', frame('two', 0));
    expect(waiting.take('r1')).toBe(true);
    expect(names(waiting.takeOverdue(1_000))).toEqual(['two']);
  });

  it('wait anew when they are repeated', () => {
    const waiting = new Unanswered<ReturnType<typeof frame>>(100);
    waiting.add('r1', frame('first', 0));
    waiting.add('r2', frame('other', 10));
    waiting.add('r1', frame('again', 20));
    expect(names(waiting.takeOverdue(110))).toEqual(['other']);
    expect(names(waiting.takeOverdue(120))).toEqual(['again']);
  });

  it('are overdue early when there are too many', () => {
    const waiting = new Unanswered<ReturnType<typeof frame>>(100, 2);
    for (const name of ['one', 'two', 'three']) waiting.add(name, frame(name, 0));
    expect(names(waiting.takeOverdue(1))).toEqual(['one']);
  });
});
