/** What a peer wrote, as one harmless line: it cannot act on the terminal, nor pass for a line of the program's own. */
export declare function printable(text: string): string;
