import { writeFile } from 'node:fs/promises';
import { type LoadOptions, readOptions, USAGE } from './options.js';
import { picture } from './report/picture.js';
import { progressLine, silent } from './report/progress.js';
import { isClean } from './report/result.js';
import { summary } from './report/table.js';
import { measure } from './run/measure.js';

/** 0: every promise was kept; 1: the run could not be made; 2: something was lost, doubled, out of order or unanswered. */
async function main(args: readonly string[]): Promise<number> {
  let options: LoadOptions | undefined;
  try {
    options = readOptions(args);
  } catch (error) {
    process.stderr.write(`load: ${error instanceof Error ? error.message : String(error)}\n`);
    return 1;
  }
  if (options === undefined) {
    process.stdout.write(`${USAGE}\n`);
    return 0;
  }
  const result = await measure(options, options.quiet ? silent : progressLine(process.stderr));
  process.stdout.write(summary(result));
  if (options.json !== undefined) await writeFile(options.json, `${JSON.stringify(result, undefined, 1)}\n`);
  if (options.svg !== undefined) await writeFile(options.svg, picture(args.join(' '), result));
  return isClean(result) ? 0 : 2;
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  process.stderr.write(`load: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
