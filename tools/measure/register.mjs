// Loaded before a program with `node --import`: what is measured counts, and the numbers are written while it runs, because
// some of the programs are killed without a word.
import { registerHooks } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const WRITE_EVERY_MS = 2_000;

// Programs that somebody else's Node runs are not ours.
if (registerHooks !== undefined && Number(process.versions.node.split('.')[0]) >= 24) {
  const { compiled, COUNTERS, countersDir, numbersOf, sourceOf, writeWhole } = await import('./instrument.mjs');
  const file = join(countersDir, `${process.pid}-${Date.now()}.json`);
  let counts = false;
  let written = '';

  const write = () => {
    const text = JSON.stringify(numbersOf(globalThis[COUNTERS] ?? {}));
    if (text === written) return;
    writeWhole(file, text);
    written = text;
  };

  const begin = () => {
    counts = true;
    process.on('exit', write);
    setInterval(write, WRITE_EVERY_MS).unref();
  };

  registerHooks({
    load(url, context, next) {
      const path = url.startsWith('file:') ? sourceOf(fileURLToPath(url)) : undefined;
      if (path === undefined) return next(url, context);
      if (!counts) begin();
      return { format: 'module', source: compiled(path).code, shortCircuit: true };
    },
  });
}
