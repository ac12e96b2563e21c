// Keeps what the test files of a Jest run have counted, each in a world of its own.
import { join } from 'node:path';
import { countersDir, numbersOf, writeWhole } from './instrument.mjs';

export default class CoverageKeeper {
  #files = 0;

  onTestResult(_test, { coverage }) {
    if (coverage === undefined || coverage === null) return;
    const file = join(countersDir, `jest-${process.pid}-${Date.now()}-${++this.#files}.json`);
    writeWhole(file, JSON.stringify(numbersOf(coverage)));
  }
}
