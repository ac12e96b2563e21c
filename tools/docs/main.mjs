// `npm run docs`: writes the documents that are made from the code. It reads compiled code, so the build comes first.
import { readFile, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { format, resolveConfig } from 'prettier';

const [major] = process.versions.node.split('.');
if (Number(major) < 24) {
  process.stderr.write(`Node 24 is needed to run TypeScript as it is, this is ${process.version}\n`);
  process.exit(1);
}
const { CONFIGURATION_FILE, withVariables } = await import('./configuration.ts');
const path = fileURLToPath(new URL(`../../${CONFIGURATION_FILE}`, import.meta.url));
const text = withVariables(await readFile(path, 'utf8'));
await writeFile(path, await format(text, { ...(await resolveConfig(path)), filepath: path }));
process.stdout.write(`wrote ${CONFIGURATION_FILE}\n`);
