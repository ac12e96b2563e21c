import { COMMANDS, isCommand, type Completes } from './commands.js';

export interface Known {
  readonly contacts: readonly string[];
  readonly pending: readonly string[];
  readonly channels: readonly string[];
}

/** What Tab offers: whole replacements for the last fragment, and that fragment. */
export function completions(line: string, known: Known): [string[], string] {
  const fragment = /\S*$/.exec(line)?.[0] ?? '';
  const before = line
    .slice(0, line.length - fragment.length)
    .trim()
    .split(/\s+/)
    .filter(Boolean);
  const [command, ...given] = before;
  if (command === undefined) {
    if (!fragment.startsWith('/')) return [[], fragment];
    return [
      matching(
        Object.keys(COMMANDS).map((name) => `/${name}`),
        fragment,
      ),
      fragment,
    ];
  }
  const name = command.replace(/^\//, '');
  if (!command.startsWith('/') || !isCommand(name)) return [[], fragment];
  return [
    matching(
      offers(COMMANDS[name].completes, name === 'create' ? given.length - 1 : given.length, given, known),
      fragment,
    ),
    fragment,
  ];
}

function offers(completes: Completes, at: number, given: readonly string[], known: Known): readonly string[] {
  switch (completes) {
    case 'contact':
      // The first word after /create is the title.
      return at < 0 ? [] : known.contacts.filter((name) => !given.includes(name));
    case 'pending':
      return known.pending;
    case 'channel':
      return known.channels;
    case 'inviteCodeKind':
      return at === 0 ? ['user', 'channel'] : known.channels;
    case 'none':
      return [];
  }
}

const matching = (words: readonly string[], fragment: string): string[] =>
  words.filter((word) => word.toLowerCase().startsWith(fragment.toLowerCase())).map((word) => `${word} `);
