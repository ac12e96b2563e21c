export interface Known {
  readonly contacts: readonly string[];
  readonly pending: readonly string[];
  readonly channels: readonly string[];
}
/** What Tab offers: whole replacements for the last fragment, and that fragment. */
export declare function completions(line: string, known: Known): [string[], string];
