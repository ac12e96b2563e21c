import { FAILOVER_FAULTS } from './failover.js';
import type { Fault } from './fault.js';
import { MACHINE_FAULTS } from './machine.js';
import { NETWORK_FAULTS } from './network-faults.js';
import { PROCESS_FAULTS } from './processes.js';
import { RECORD_FAULTS } from './records.js';
import { SERVER_FAULTS } from './servers.js';

/** The matrix, in the order in which it is run and reported. */
export const FAULTS: readonly Fault[] = [
  ...PROCESS_FAULTS,
  ...SERVER_FAULTS,
  ...FAILOVER_FAULTS,
  ...NETWORK_FAULTS,
  ...MACHINE_FAULTS,
  ...RECORD_FAULTS,
];
