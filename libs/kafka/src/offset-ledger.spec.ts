import { OffsetLedger } from './offset-ledger.js';

const offsets = (topic: string, ...next: [number, string][]) => ({
  topics: [{ topic, partitions: next.map(([partition, offset]) => ({ partition, offset })) }],
});

describe('OffsetLedger', () => {
  it('hands out the last mark of each partition, once', () => {
    const ledger = new OffsetLedger();
    ledger.mark('t', 0, 5n);
    ledger.mark('t', 1, 7n);
    ledger.mark('t', 0, 6n);
    expect(ledger.take()).toEqual(offsets('t', [0, '6'], [1, '7']));
    expect(ledger.take()).toBeUndefined();
  });

  it('keeps newer marks when older ones are put back', () => {
    const ledger = new OffsetLedger();
    ledger.mark('t', 0, 5n);
    ledger.mark('t', 1, 5n);
    const failed = ledger.take();
    ledger.mark('t', 1, 9n);
    ledger.putBack(failed ?? { topics: [] });
    expect(ledger.take()).toEqual(offsets('t', [1, '9'], [0, '5']));
  });
});
