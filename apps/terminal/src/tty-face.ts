import { createInterface, cursorTo, clearScreenDown, type Interface, moveCursor } from 'node:readline';
import { type Readable, Writable } from 'node:stream';
import { callbackify } from 'node:util';
import { completions, type Known } from './complete.js';
import { isSecret } from './commands.js';
import { type Colours, linesIn, PROMPT, type Screen } from './screen.js';

/** What of a terminal's output side is used. */
export type Terminal = Writable & { readonly columns: number; readonly rows: number };

/** readline's view of the terminal; silent while a password is typed. */
class Echo extends Writable {
  silent = false;
  readonly isTTY = true;

  constructor(private readonly terminal: Terminal) {
    super({ decodeStrings: false });
    terminal.on('resize', () => this.emit('resize'));
  }

  get columns(): number {
    return this.terminal.columns;
  }

  get rows(): number {
    return this.terminal.rows;
  }

  override _write(chunk: string | Buffer, _encoding: BufferEncoding, done: () => void): void {
    if (!this.silent) this.terminal.write(chunk);
    done();
  }
}

export interface TtyFaceOptions {
  readonly input: Readable;
  readonly output: Terminal;
  readonly colours: Colours;
  /** Newest first. */
  readonly history: string[];
  readonly onLine: (line: string) => void;
  /** Ctrl-C. */
  readonly onInterrupt: () => void;
  /** Ctrl-D on an empty line, or the terminal went away. */
  readonly onEnd: () => void;
  readonly known: () => Promise<Known>;
}

/** How long Tab waits for the server before it offers what was known last. */
const TAB_PATIENCE_MS = 500;

/** Line editing at the bottom; everything else is printed above it. */
export class TtyFace implements Screen {
  readonly #readline: Interface;
  readonly #echo: Echo;
  readonly #lines: ReturnType<typeof linesIn>;
  #answer: ((secret: string | undefined) => void) | undefined;
  #known: Known = { contacts: [], pending: [], channels: [] };
  #closed = false;

  constructor(private readonly options: TtyFaceOptions) {
    this.#lines = linesIn(options.colours);
    this.#echo = new Echo(options.output);
    this.#readline = createInterface({
      input: options.input,
      output: this.#echo,
      terminal: true,
      prompt: PROMPT,
      history: options.history,
      historySize: 500,
      removeHistoryDuplicates: true,
      completer: callbackify((line: string) => this.#complete(line)),
    });
    this.#readline.on('history', (history: string[]) => this.#forgetSecrets(history));
    this.#readline.on('line', (line) => this.#onLine(line));
    this.#readline.on('SIGINT', () => options.onInterrupt());
    // readline has closed itself: Ctrl-D, or its input has ended, or cannot be read any more.
    for (const sign of ['close', 'error'] as const) this.#readline.on(sign, () => this.#inputGone());
    this.#readline.prompt();
  }

  system(text: string): void {
    this.#print(this.#lines.system(text));
  }

  problem(text: string): void {
    this.#print(this.#lines.problem(text));
  }

  message(username: string, content: string, mine: boolean): void {
    this.#print(this.#lines.message(username, content, mine));
  }

  clear(): void {
    const { output } = this.options;
    cursorTo(output, 0, 0);
    clearScreenDown(output);
    this.#redraw();
  }

  askSecret(question: string): Promise<string | undefined> {
    this.#eraseLine();
    this.options.output.write(question);
    this.#echo.silent = true;
    return new Promise((resolve) => {
      this.#answer = (secret) => {
        this.#answer = undefined;
        this.#echo.silent = false;
        this.options.output.write('\n');
        resolve(secret);
      };
    });
  }

  /** Gives the terminal back; what is printed later goes below. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#eraseLine();
    this.#readline.close();
  }

  #inputGone(): void {
    if (this.#closed) return;
    this.close();
    this.options.onEnd();
  }

  #onLine(line: string): void {
    if (this.#answer) this.#answer(line);
    else this.options.onLine(line);
    // What was typed ahead of a password question is not lost: readline shows it with the prompt.
    if (!this.#closed) this.#redraw();
  }

  #print(line: string): void {
    if (this.#closed) return void this.options.output.write(`${line}\n`);
    if (this.#answer) return void this.options.output.write(`\n${line}`);
    this.#eraseLine();
    this.options.output.write(`${line}\n`);
    this.#redraw();
  }

  /** Removes the prompt and what is typed from the screen, over all rows they take. */
  #eraseLine(): void {
    const { output } = this.options;
    moveCursor(output, 0, -this.#readline.getCursorPos().rows);
    cursorTo(output, 0);
    clearScreenDown(output);
  }

  #redraw(): void {
    // readline goes up by the rows it drew last; the cursor already stands where the prompt begins.
    Reflect.set(this.#readline, 'prevRows', 0);
    if (!this.#closed && !this.#answer) this.#readline.prompt(true);
  }

  /** Before readline itself remembers: passwords must not come back with the arrow keys either. */
  #forgetSecrets(history: string[]): void {
    const [newest] = history;
    if (newest !== undefined && (this.#answer || isSecret(newest))) history.shift();
  }

  async #complete(line: string): Promise<[string[], string]> {
    const needsServer = /^\/\w+\s/.test(line);
    if (needsServer) {
      const late = new Promise<Known>((resolve) => setTimeout(() => resolve(this.#known), TAB_PATIENCE_MS).unref());
      this.#known = await Promise.race([this.options.known(), late]);
    }
    return completions(line, this.#known);
  }
}
