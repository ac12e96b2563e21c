import { authEnv } from '@parley/auth/config';
import { connectionEnv } from '@parley/connection/config';
import { messageEnv } from '@parley/message/config';
import { describeEnv, type VariableDescription } from '@parley/platform';
import { pushEnv } from '@parley/push/config';

export const CONFIGURATION_FILE = 'docs/configuration.md';

const BEGIN = '<!-- variables: written by "npm run docs" -->';
const END = '<!-- end of variables -->';

/** Every variable that each service reads. */
export const variablesOf: Readonly<Record<string, readonly VariableDescription[]>> = {
  auth: describeEnv(authEnv),
  connection: describeEnv(connectionEnv),
  message: describeEnv(messageEnv),
  push: describeEnv(pushEnv),
};

/** The document with its generated part replaced, not yet formatted; what people wrote around it stays. */
export function withVariables(document: string): string {
  const begin = document.indexOf(BEGIN);
  const end = document.indexOf(END);
  if (begin < 0 || end < begin) throw new Error(`${CONFIGURATION_FILE} has lost its marks "${BEGIN}" and "${END}"`);
  return `${document.slice(0, begin)}${BEGIN}\n\n${sections().join('\n\n')}\n\n${document.slice(end)}`;
}

/** One table for each set of services that share variables; the variables of most services first. */
function sections(): string[] {
  const everywhere = Object.keys(variablesOf);
  const readers = new Map<string, { variable: VariableDescription; services: string[] }>();
  for (const [service, variables] of Object.entries(variablesOf)) {
    for (const variable of variables) {
      // The same name with another meaning would get a line of its own.
      const key = JSON.stringify(variable);
      const known = readers.get(key);
      if (known === undefined) readers.set(key, { variable, services: [service] });
      else known.services.push(service);
    }
  }
  const groups = [...Map.groupBy(readers.values(), ({ services }) => services.join())];
  const size = (names: string): number => names.split(',').length;
  return groups
    .toSorted(([a], [b]) => size(b) - size(a) || a.localeCompare(b))
    .map(([names, group]) => {
      const services = names.split(',');
      const title = services.length === everywhere.length ? 'Every service' : wordList(services);
      return [`### ${title}`, '', ...table(group.map(({ variable }) => variable))].join('\n');
    });
}

function table(variables: readonly VariableDescription[]): string[] {
  const rows = variables.map(
    ({ name, default: byDefault, accepted, description }) =>
      `| \`${name}\` | ${defaultCell(byDefault)} | ${cell(accepted)} | ${cell(description)} |`,
  );
  return ['| Variable | Default | Accepted | Meaning |', '| --- | --- | --- | --- |', ...rows];
}

const defaultCell = (text: string): string =>
  text === 'required' ? '**required**' : text === 'none' ? 'none' : `\`${text}\``;

const cell = (text: string): string => text.replaceAll('|', '\\|').replaceAll('*', '\\*');

const wordList = (words: readonly string[]): string => {
  const [last = '', ...others] = words.toReversed();
  return others.length === 0 ? last : `${others.toReversed().join(', ')} and ${last}`;
};
