import { deadLetter, reasonOf } from './dead-letter.js';

describe('a dead letter', () => {
  it('is the record as it came, with its origin in headers beside its own', () => {
    const record = {
      topic: 'orders',
      partition: 3,
      offset: 2n ** 60n,
      key: 'k',
      value: Buffer.from([0, 255]),
      headers: { trace: 't' },
      timestamp: 1,
    };
    expect(deadLetter(record, 'group', 'bad', 6)).toEqual({
      key: 'k',
      value: Buffer.from([0, 255]),
      headers: {
        trace: 't',
        'dead-letter-topic': 'orders',
        'dead-letter-partition': '3',
        'dead-letter-offset': '1152921504606846976',
        'dead-letter-group': 'group',
        'dead-letter-reason': 'bad',
        'dead-letter-attempts': '6',
      },
    });
  });

  it('has a reason of bounded length, whatever was thrown', () => {
    expect(reasonOf(new RangeError('too far'))).toBe('RangeError: too far');
    expect(reasonOf('text')).toBe('text');
    expect(reasonOf(new Error('x'.repeat(5_000)))).toHaveLength(1_000);
  });
});
