import type { Evidence } from './entries.js';
import { checkAcks, checkAgreement, checkErrors, checkOrder, checkRows, checkSequences } from './message.rules.js';
import { checkReadPositions, checkScreens, checkSight, checkTables } from './people.rules.js';
import type { Violation } from './violation.js';

const CHECKS = [
  checkAcks,
  checkRows,
  checkSequences,
  checkAgreement,
  checkOrder,
  checkErrors,
  checkScreens,
  checkSight,
  checkReadPositions,
  checkTables,
];

/** Every promise that the evidence breaks; empty when all of them were kept. */
export const check = (evidence: Evidence): Violation[] => CHECKS.flatMap((one) => [...one(evidence)]);
