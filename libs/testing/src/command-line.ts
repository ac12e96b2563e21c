import { parseArgs, type ParseArgsConfig } from 'node:util';

/** What was typed behind a command. An option that there is not ends the program, with what is wrong and how it is used. */
export function commandLine<const T extends ParseArgsConfig>(
  config: T,
  usage: string,
): ReturnType<typeof parseArgs<T>> {
  try {
    return parseArgs(config);
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n${usage}\n`);
    process.exit(1);
  }
}
