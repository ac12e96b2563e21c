import { EnterOrder } from './enter-order.js';

function asked(...requests: string[]): EnterOrder {
  const order = new EnterOrder();
  for (const request of requests) order.asked(request);
  return order;
}

describe('EnterOrder', () => {
  it('lets answers count that come in the order of their requests', () => {
    const order = asked('a', 'b');
    expect([order.answered('a'), order.answered('b')]).toEqual([true, true]);
  });

  it('passes over an answer that a later one has overtaken', () => {
    const order = asked('a', 'b', 'c');
    expect([order.answered('b'), order.answered('a'), order.answered('c')]).toEqual([true, false, true]);
  });

  it('lets an earlier answer count after a later request has failed', () => {
    const order = asked('a', 'b');
    order.failed('b');
    expect(order.answered('a')).toBe(true);
  });

  it('knows an answer that comes again, but not one that was overtaken, for a repetition', () => {
    const order = asked('a', 'b', 'c');
    order.answered('b');
    expect(['a', 'b', 'c'].map((request) => order.isAnswered(request))).toEqual([false, true, false]);
    order.answered('a');
    order.failed('c');
    expect(['a', 'b', 'c'].map((request) => order.isAnswered(request))).toEqual([true, true, true]);
  });

  it('does not know answers nobody asked for', () => {
    expect(new EnterOrder().answered('a')).toBe(false);
  });
});
