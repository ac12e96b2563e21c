const spec = (scope, session, usage, about, count, completes = 'none') => ({
  scope,
  session,
  usage,
  about,
  words: count,
  completes,
});
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
};
export const isCommand = (name) => Object.hasOwn(COMMANDS, name);
export const usageOf = (name) => `/${name} ${COMMANDS[name].usage}`.trimEnd();
const WHERE = { lobby: 'Lobby', channel: 'Channel', both: 'Everywhere' };
export function helpLines() {
  const names = Object.keys(COMMANDS).filter(isCommand);
  const width = Math.max(...names.map((name) => usageOf(name).length));
  return ['lobby', 'channel', 'both'].flatMap((scope) => [
    `${WHERE[scope]}:`,
    ...names
      .filter((name) => COMMANDS[name].scope === scope)
      .map((name) => `  ${usageOf(name).padEnd(width)}  ${COMMANDS[name].about}`),
  ]);
}
/** Lines that carry a password are kept nowhere. */
export const isSecret = (line) => /^\s*\/(login|register)\s+\S+\s+\S/i.test(line);
//# sourceMappingURL=commands.js.map
