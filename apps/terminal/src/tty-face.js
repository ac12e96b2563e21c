import { createInterface, cursorTo, clearScreenDown, moveCursor } from 'node:readline';
import { Writable } from 'node:stream';
import { completions } from './complete.js';
import { isSecret } from './commands.js';
import { linesIn, PROMPT } from './screen.js';
/** readline's view of the terminal; silent while a password is typed. */
class Echo extends Writable {
  constructor(terminal) {
    super({ decodeStrings: false });
    this.terminal = terminal;
    this.silent = false;
    this.isTTY = true;
    terminal.on('resize', () => this.emit('resize'));
  }
  get columns() {
    return this.terminal.columns;
  }
  get rows() {
    return this.terminal.rows;
  }
  _write(chunk, _encoding, done) {
    if (!this.silent) this.terminal.write(chunk);
    done();
  }
}
/** How long Tab waits for the server before it offers what was known last. */
const TAB_PATIENCE_MS = 500;
/** Line editing at the bottom; everything else is printed above it. */
export class TtyFace {
  #readline;
  #echo;
  #lines;
  #answer;
  #history;
  #known = { contacts: [], pending: [], channels: [] };
  #closed = false;
  constructor(options) {
    this.options = options;
    this.#lines = linesIn(options.colours);
    this.#history = options.history;
    this.#echo = new Echo(options.output);
    this.#readline = createInterface({
      input: options.input,
      output: this.#echo,
      terminal: true,
      prompt: PROMPT,
      history: options.history,
      historySize: 500,
      removeHistoryDuplicates: true,
      completer: (line, done) => {
        void this.#complete(line).then((result) => done(null, result));
      },
    });
    this.#readline.on('history', (history) => this.#forgetSecrets(history));
    this.#readline.on('line', (line) => this.#onLine(line));
    this.#readline.on('SIGINT', () => options.onEnd());
    this.#readline.on('close', () => {
      if (!this.#closed) options.onEnd();
    });
    this.#readline.prompt();
  }
  /** Newest first. */
  get history() {
    return this.#history;
  }
  system(text) {
    this.#print(this.#lines.system(text));
  }
  problem(text) {
    this.#print(this.#lines.problem(text));
  }
  message(username, content, mine) {
    this.#print(this.#lines.message(username, content, mine));
  }
  clear() {
    const { output } = this.options;
    cursorTo(output, 0, 0);
    clearScreenDown(output);
    this.#redraw();
  }
  askSecret(question) {
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
  close() {
    this.#closed = true;
    this.#eraseLine();
    this.#readline.close();
  }
  #onLine(line) {
    if (this.#answer) this.#answer(line);
    else this.options.onLine(line);
    // What was typed ahead of a password question is not lost: readline shows it with the prompt.
    if (!this.#closed) this.#redraw();
  }
  #print(line) {
    if (this.#closed) return void this.options.output.write(`${line}\n`);
    if (this.#answer) return void this.options.output.write(`\n${line}`);
    this.#eraseLine();
    this.options.output.write(`${line}\n`);
    this.#redraw();
  }
  /** Removes the prompt and what is typed from the screen, over all rows they take. */
  #eraseLine() {
    const { output } = this.options;
    moveCursor(output, 0, -this.#readline.getCursorPos().rows);
    cursorTo(output, 0);
    clearScreenDown(output);
  }
  #redraw() {
    // readline goes up by the rows it drew last; the cursor already stands where the prompt begins.
    Reflect.set(this.#readline, 'prevRows', 0);
    if (!this.#closed && !this.#answer) this.#readline.prompt(true);
  }
  /** Before readline itself remembers: passwords must not come back with the arrow keys either. */
  #forgetSecrets(history) {
    const [newest] = history;
    if (newest !== undefined && (this.#answer || isSecret(newest))) history.shift();
    this.#history = history;
  }
  async #complete(line) {
    const needsServer = /^\/\w+\s/.test(line);
    if (needsServer) {
      const late = new Promise((resolve) => setTimeout(() => resolve(this.#known), TAB_PATIENCE_MS).unref());
      this.#known = await Promise.race([this.options.known(), late]);
    }
    return completions(line, this.#known);
  }
}
//# sourceMappingURL=tty-face.js.map
