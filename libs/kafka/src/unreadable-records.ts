import type { InboundRecord } from './records.js';

/** Some records of a batch cannot be read, today or ever: they are set aside at once, and the others handled without them. */
export class UnreadableRecords extends Error {
  override readonly name = 'UnreadableRecords';

  constructor(readonly reasons: ReadonlyMap<InboundRecord, string>) {
    super(`unreadable: ${[...new Set(reasons.values())].join('; ')}`);
  }
}

type Decoded<R> = { readonly ok: true; readonly value: R } | { readonly ok: false; readonly error: string };

/**
 * What a batch says, in order.
 * @throws UnreadableRecords naming every record that cannot be read; a handler passes it on before it has any effect
 */
export function readRecords<R>(records: readonly InboundRecord[], decode: (value: Buffer) => Decoded<R>): R[] {
  const read: R[] = [];
  const reasons = new Map<InboundRecord, string>();
  for (const record of records) {
    const decoded = decode(record.value);
    if (decoded.ok) read.push(decoded.value);
    else reasons.set(record, decoded.error);
  }
  if (reasons.size > 0) throw new UnreadableRecords(reasons);
  return read;
}
