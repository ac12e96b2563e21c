import type { ServiceKind } from './topology.js';

/** kafkajs schedules negative timeouts, of which Node warns at every start: https://github.com/tulios/kafkajs/issues/1751 */
export const QUIET = '--disable-warning=TimeoutNegativeWarning';

/**
 * How Node runs a service. The young generation of a connection server stays small: what it holds lives as long as its
 * sockets, and with room for much garbage each of them costs nearly twice the memory (`npm run bench -- idle`).
 */
export const nodeOptions = (kind: ServiceKind): readonly string[] =>
  kind === 'connection' ? [QUIET, '--max-semi-space-size=4'] : [QUIET];
