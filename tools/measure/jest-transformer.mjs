// As @swc/jest, with counters in what is measured.
import { createTransformer } from '@swc/jest';
import { instrument, isMeasured } from './instrument.mjs';

export default {
  createTransformer(options) {
    const swc = createTransformer({ ...options, inputSourceMap: true });
    return {
      ...swc,
      getCacheKey: (...args) => `counting-1-${swc.getCacheKey(...args)}`,
      process: (text, path, ...rest) =>
        swc.process(isMeasured(path) ? instrument(text, path).code : text, path, ...rest),
    };
  },
};
