import { didYouMean, words } from './words.js';

/** `lobby`: no channel is entered. */
export type Scope = 'lobby' | 'channel' | 'both';

/** What Tab offers for an argument. */
export type Completes = 'contact' | 'pending' | 'channel' | 'inviteCodeKind' | 'none';

export interface CommandSpec {
  readonly scope: Scope;
  /** Needs a login first. */
  readonly session: boolean;
  readonly usage: string;
  readonly about: string;
  /** Fewest and most words after the command. */
  readonly words: readonly [number, number];
  readonly completes: Completes;
}

const spec = (
  scope: Scope,
  session: boolean,
  usage: string,
  about: string,
  count: readonly [number, number],
  completes: Completes = 'none',
): CommandSpec => ({ scope, session, usage, about, words: count, completes });

export const COMMANDS = {
  register: spec('lobby', false, '<name> <password>', 'Make an account', [1, 2]),
  unregister: spec('lobby', true, '', 'Delete the account', [0, 0]),
  login: spec('lobby', false, '<name> [password]', 'Log in; without a password you are asked for it unseen', [1, 2]),
  logout: spec('both', true, '', 'Log out', [0, 0]),
  invitecode: spec(
    'lobby',
    true,
    'user | channel <id>',
    'Show your invite code, or that of a channel',
    [1, 2],
    'inviteCodeKind',
  ),
  invite: spec('lobby', true, '<user invite code>', 'Ask someone to connect', [1, 1]),
  accept: spec('lobby', true, '<name>', 'Accept who asked to connect', [1, 1], 'pending'),
  reject: spec('lobby', true, '<name>', 'Reject who asked to connect', [1, 1], 'pending'),
  disconnect: spec('lobby', true, '<name>', 'End a connection', [1, 1], 'contact'),
  connections: spec('lobby', true, '', 'List who you are connected with', [0, 0]),
  pending: spec('lobby', true, '', 'List who asked to connect', [0, 0]),
  channels: spec('lobby', true, '', 'List your channels', [0, 0]),
  create: spec(
    'lobby',
    true,
    '<title> <name>...',
    'Make a channel with 1 to 99 connected people; quote a title with spaces',
    [2, 100],
    'contact',
  ),
  join: spec('lobby', true, '<channel invite code>', 'Join a channel', [1, 1]),
  enter: spec('lobby', true, '<channel id>', 'Enter a channel; then what you type is sent', [1, 1], 'channel'),
  leave: spec('channel', true, '', 'Leave the channel for the lobby', [0, 0]),
  quit: spec('lobby', true, '<channel id>', 'End your membership of a channel', [1, 1], 'channel'),
  history: spec('channel', true, '[count]', 'Show older messages, 10 unless told', [0, 1]),
  clear: spec('both', false, '', 'Clear the screen', [0, 0]),
  exit: spec('both', false, '', 'Log out and end; so does Ctrl-C', [0, 0]),
  help: spec('both', false, '', 'Show this list', [0, 0]),
} as const satisfies Record<string, CommandSpec>;

export type CommandName = keyof typeof COMMANDS;

export const isCommand = (name: string): name is CommandName => Object.hasOwn(COMMANDS, name);

export const usageOf = (name: CommandName): string => `/${name} ${COMMANDS[name].usage}`.trimEnd();

const WHERE: Readonly<Record<Scope, string>> = { lobby: 'Lobby', channel: 'Channel', both: 'Everywhere' };

export function helpLines(): string[] {
  const names = Object.keys(COMMANDS).filter(isCommand);
  const width = Math.max(...names.map((name) => usageOf(name).length));
  return (['lobby', 'channel', 'both'] as const).flatMap((scope) => [
    `${WHERE[scope]}:`,
    ...names
      .filter((name) => COMMANDS[name].scope === scope)
      .map((name) => `  ${usageOf(name).padEnd(width)}  ${COMMANDS[name].about}`),
  ]);
}

export interface CommandLine {
  readonly typed: string;
  /** The command of that name, if there is one. */
  readonly name: CommandName | undefined;
  /** The one that is closest to it, if there is none of that name. */
  readonly meant: CommandName | undefined;
  readonly args: string[];
}

/** Reads a line that begins with a slash. */
export function readCommand(line: string): CommandLine {
  const [typed = '', ...args] = words(line.trim().slice(1));
  const name = typed.toLowerCase();
  if (isCommand(name)) return { typed, name, meant: undefined, args };
  return { typed, name: undefined, meant: didYouMean(name, Object.keys(COMMANDS).filter(isCommand)), args };
}

const TAKES_PASSWORD: ReadonlySet<CommandName | undefined> = new Set(['login', 'register', undefined]);

/** Lines that may carry a password are kept nowhere, not even when the name of the command is a slip of the finger. */
export function isSecret(line: string): boolean {
  if (!line.trimStart().startsWith('/')) return false;
  const { name, meant, args } = readCommand(line);
  return TAKES_PASSWORD.has(name ?? meant) && args.length > 1;
}
