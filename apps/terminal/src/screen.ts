/** Where the program's words go. Texts arrive printable, without line ends. */
export interface Screen {
  /** A line of the program itself, shown after `=> `. */
  system(text: string): void;
  /** As `system`, for what went wrong. */
  problem(text: string): void;
  message(username: string, content: string, mine: boolean): void;
  clear(): void;
  /** Asks for a word that is not shown while typed; undefined where nobody can be asked. */
  askSecret(question: string): Promise<string | undefined>;
}

export const PROMPT = 'Enter message: ';

export interface Colours {
  readonly system: (text: string) => string;
  readonly problem: (text: string) => string;
  readonly mine: (text: string) => string;
  readonly name: (text: string) => string;
}

const wrap = (code: string) => (text: string) => `\u001B[${code}m${text}\u001B[0m`;
const plain = (text: string): string => text;
/** Readable on dark and on light ground. */
const NAME_CODES = ['36', '35', '34', '33', '32'];

/** Colours unless the terminal or the user (NO_COLOR) does not want them. */
export function coloursFor(isTty: boolean, env: NodeJS.ProcessEnv): Colours {
  const wanted = isTty && !env['NO_COLOR'] && env['TERM'] !== 'dumb';
  if (!wanted) return { system: plain, problem: plain, mine: plain, name: plain };
  return { system: wrap('2'), problem: wrap('31'), mine: wrap('1'), name: (text) => wrap(codeOf(text))(text) };
}

/** The same name always has the same colour. */
function codeOf(name: string): string {
  let sum = 0;
  for (const character of name) sum = (sum * 31 + (character.codePointAt(0) ?? 0)) % 9973;
  return NAME_CODES[sum % NAME_CODES.length] ?? '36';
}

/** The three kinds of line as they are written; every face of the program uses these. */
export function linesIn(colours: Colours) {
  return {
    system: (text: string): string => colours.system(`=> ${text}`),
    problem: (text: string): string => colours.problem(`=> ${text}`),
    message: (username: string, content: string, mine: boolean): string =>
      `${(mine ? colours.mine : colours.name)(username)} : ${content}`,
  };
}
