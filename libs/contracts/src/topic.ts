import { err, ok, type Result } from '@parley/protocol';
import type { z } from 'zod';

/** A topic is a value: its name, what its records look like, and the key that keeps their order. */
export interface Topic<R> {
  readonly name: string;
  /** Kafka keeps order only within a key, so the key is part of the contract. */
  key(record: R): string | null;
  encode(record: R): string;
  /** Unknown fields are ignored, so that a newer producer can run beside an older consumer. */
  readonly decode: (value: Uint8Array | string) => Result<R, string>;
}

export function topic<S extends z.ZodType>(
  name: string,
  schema: S,
  key: (record: z.output<S>) => string | null,
): Topic<z.output<S>> {
  return {
    name,
    key,
    encode: (record) => JSON.stringify(record),
    decode: (value) => {
      let json: unknown;
      try {
        json = JSON.parse(
          typeof value === 'string' ? value : Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString(),
        );
      } catch {
        return err('not JSON');
      }
      const record = schema.safeParse(json);
      if (record.success) return ok(record.data);
      const [issue] = record.error.issues;
      return err(`${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'unreadable'}`);
    },
  };
}
