export { LoadResult, isClean } from './report/result.js';
export { summary, table } from './report/table.js';
export { measure } from './run/measure.js';
export { type LoadOptions, readOptions } from './options.js';
export { progressLine, silent, type Progress } from './report/progress.js';
export { percentiles, type Percentiles } from './measure/samples.js';
export { thisMachine } from './report/machine.js';
