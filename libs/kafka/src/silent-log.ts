import type { Log } from './kafka-handle.js';

/** For programs whose own words are all there is to say, and for tests. */
export const silentLog: Log = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };
