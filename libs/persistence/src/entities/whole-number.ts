import type { ValueTransformer } from 'typeorm';

/** BIGINT as a number, also where the driver hands out text. Our ids and sequences stay below 2^53. */
export const wholeNumber: ValueTransformer = {
  from: (value: unknown) => (typeof value === 'string' ? Number(value) : value),
  to: (value: unknown) => value,
};
