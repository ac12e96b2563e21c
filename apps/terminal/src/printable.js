/** Controls that could move the cursor, recolour the screen, or turn the text's direction. */
const CONTROLS = /[\p{Cc}\u200E\u200F\u202A-\u202E\u2066-\u2069\u2028\u2029]/gu;
// oxlint-disable-next-line no-control-regex -- these are what has to be found
const ESCAPE_SEQUENCES = /\u001B(?:\[[0-?]*[ -/]*[@-~]|\][^\u0007\u001B]*(?:\u0007|\u001B\\)?|[@-_])/g;
/** What a peer wrote, as one harmless line: it cannot act on the terminal, nor pass for a line of the program's own. */
export function printable(text) {
  return text
    .replace(ESCAPE_SEQUENCES, '')
    .replace(/[\r\n\t\u2028\u2029]+/g, ' ')
    .replace(CONTROLS, '');
}
//# sourceMappingURL=printable.js.map
