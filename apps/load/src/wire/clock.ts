/**
 * Microseconds since 1970, steady within a process and the same in all processes of a machine. Has 16 digits until the
 * year 2286, so it can be a serial and a text of fixed width.
 */
export const nowUs = (): number => Math.round((performance.timeOrigin + performance.now()) * 1000);

export const STAMP_DIGITS = 16;
