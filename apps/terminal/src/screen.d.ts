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
export declare const PROMPT = 'Enter message: ';
export interface Colours {
  readonly system: (text: string) => string;
  readonly problem: (text: string) => string;
  readonly mine: (text: string) => string;
  readonly name: (text: string) => string;
}
/** Colours unless the terminal or the user (NO_COLOR) does not want them. */
export declare function coloursFor(isTty: boolean, env: NodeJS.ProcessEnv): Colours;
/** The three kinds of line as they are written; every face of the program uses these. */
export declare function linesIn(colours: Colours): {
  system: (text: string) => string;
  problem: (text: string) => string;
  message: (username: string, content: string, mine: boolean) => string;
};
