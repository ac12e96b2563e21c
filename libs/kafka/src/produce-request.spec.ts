import { createRequire } from 'node:module';
import { jest } from '@jest/globals';
import fc from 'fast-check';

const require = createRequire(import.meta.url);
const PLACE = require.resolve('kafkajs/src/protocol/requests/produce/v3/request.js');

interface Request {
  encode(): Promise<{ readonly buffer: Buffer }>;
  expectResponse(): boolean;
}
type Encode = (asked: object) => Request;

const theirs = require(PLACE) as Encode;
await import('./produce-request.js');
const ours = require(PLACE) as Encode;

const text = fc.oneof(fc.string({ unit: 'grapheme', maxLength: 300 }), fc.constant('x'.repeat(9_000)));
const bytes = fc.uint8Array({ maxLength: 300 }).map((array) => Buffer.from(array));
const message = fc.record({
  key: fc.option(text),
  value: fc.oneof(text, bytes),
  headers: fc.option(fc.dictionary(text, text, { maxKeys: 3 }), { nil: undefined }),
});
const topicData = fc.array(
  fc.record({
    topic: fc.string({ minLength: 1, maxLength: 30 }),
    partitions: fc.array(
      fc.record({ partition: fc.nat(1_000), messages: fc.array(message, { minLength: 1, maxLength: 70 }) }),
      { maxLength: 3 },
    ),
  }),
  { maxLength: 3 },
);

describe('a request to write records', () => {
  beforeEach(() => {
    jest.useFakeTimers({ now: new Date('2026-01-02T03:04:05.678Z') });
  });

  afterEach(() => {
    jest.useRealTimers();
  });

  it('is byte for byte what kafkajs makes of the same records', async () => {
    expect(theirs).not.toBe(ours);
    await fc.assert(
      fc.asyncProperty(topicData, async (data) => {
        const asked = { acks: -1, timeout: 5_000, topicData: data };
        const [mine, expected] = await Promise.all([ours(asked).encode(), theirs(asked).encode()]);
        expect(mine.buffer.equals(expected.buffer)).toBe(true);
      }),
      { numRuns: 100 },
    );
  });

  it('takes the place of the one in kafkajs, in all its versions', async () => {
    const { versions, protocol } = require('kafkajs/src/protocol/requests/produce') as {
      versions: string[];
      protocol: (which: { version: string }) => (asked: object) => { request: Request };
    };
    const asked = { acks: -1, timeout: 5_000, topicData: [] };
    const mine = await ours(asked).encode();
    for (const version of versions.filter((each) => Number(each) >= 3)) {
      const { buffer } = await protocol({ version })(asked).request.encode();
      expect(buffer.equals(mine.buffer)).toBe(true);
    }
  });

  it('refuses what is never asked of it', () => {
    expect(() => ours({ acks: -1, timeout: 1, topicData: [], compression: 1 }).encode()).toThrow('compressed');
    expect(() => ours({ acks: -1, timeout: 1, topicData: [], transactionalId: 'one' }).encode()).toThrow(
      'transactions',
    );
  });
});
