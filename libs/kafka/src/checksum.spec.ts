import { createRequire } from 'node:module';
import fc from 'fast-check';
import { crc32c } from './checksum.js';

const require = createRequire(import.meta.url);

describe('crc32c', () => {
  it('is what the standard says', () => {
    expect(crc32c(Buffer.from('123456789'))).toBe(0xe3069283);
    expect(crc32c(Buffer.alloc(32))).toBe(0x8a9136aa);
  });

  it('is what kafkajs has made of the same bytes, however many and wherever they lie', () => {
    const original = require('kafkajs/src/protocol/recordBatch/crc32C/crc32C.js') as (data: Buffer) => number;
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 100 }), fc.nat(16), (bytes, skipped) => {
        const data = Buffer.from(bytes).subarray(skipped);
        expect(crc32c(data)).toBe(original(data));
      }),
    );
  });
});
