import type { Evidence } from './entries.js';
import { checkAcks, checkAgreement, checkErrors, checkOrder, checkRows, checkSequences } from './message.rules.js';
import {
  checkReadPositions,
  checkScreens,
  checkSight,
  checkSilence,
  checkStays,
  checkTables,
  checkVision,
} from './people.rules.js';
import { checkContacts, checkPushes, checkSessions } from './service.rules.js';
import type { Violation } from './violation.js';

const CHECKS = [
  checkAcks,
  checkRows,
  checkSequences,
  checkAgreement,
  checkOrder,
  checkErrors,
  checkSilence,
  checkScreens,
  checkStays,
  checkSight,
  checkVision,
  checkReadPositions,
  checkTables,
  checkContacts,
  checkSessions,
  checkPushes,
];

/** Every promise that the evidence breaks; empty when all of them were kept. */
export const check = (evidence: Evidence): Violation[] => CHECKS.flatMap((one) => [...one(evidence)]);
