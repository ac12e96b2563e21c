export const PROMPT = 'Enter message: ';
const wrap = (code) => (text) => `\u001B[${code}m${text}\u001B[0m`;
const plain = (text) => text;
/** Readable on dark and on light ground. */
const NAME_CODES = ['36', '35', '34', '33', '32'];
/** Colours unless the terminal or the user (NO_COLOR) does not want them. */
export function coloursFor(isTty, env) {
  const wanted = isTty && !env['NO_COLOR'] && env['TERM'] !== 'dumb';
  if (!wanted) return { system: plain, problem: plain, mine: plain, name: plain };
  return { system: wrap('2'), problem: wrap('31'), mine: wrap('1'), name: (text) => wrap(codeOf(text))(text) };
}
/** The same name always has the same colour. */
function codeOf(name) {
  let sum = 0;
  for (const character of name) sum = (sum * 31 + (character.codePointAt(0) ?? 0)) % 9973;
  return NAME_CODES[sum % NAME_CODES.length] ?? '36';
}
/** The three kinds of line as they are written; every face of the program uses these. */
export function linesIn(colours) {
  return {
    system: (text) => colours.system(`=> ${text}`),
    problem: (text) => colours.problem(`=> ${text}`),
    message: (username, content, mine) => `${(mine ? colours.mine : colours.name)(username)} : ${content}`,
  };
}
//# sourceMappingURL=screen.js.map
