import { createInterface } from 'node:readline';
import { coloursFor, linesIn } from './screen.js';
/** Lines out, nothing else: no prompt, no colours, no cursor. */
export function plainScreen(output) {
  const lines = linesIn(coloursFor(false, {}));
  const write = (line) => void output.write(`${line}\n`);
  return {
    system: (text) => write(lines.system(text)),
    problem: (text) => write(lines.problem(text)),
    message: (username, content, mine) => write(lines.message(username, content, mine)),
    clear: () => undefined,
    askSecret: () => Promise.resolve(undefined),
  };
}
/** One line after the other; the next one starts when the last one's result is out. The end of the input is `/exit`. */
export async function runPlain(shell, input) {
  for await (const line of createInterface({ input, crlfDelay: Infinity })) {
    await shell.handle(line);
    if (shell.exited) return;
  }
  await shell.handle('/exit');
}
//# sourceMappingURL=plain-face.js.map
