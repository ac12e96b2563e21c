/** Splits a command line at spaces; double quotes keep a part together (`"reading circle"`). */
export declare function words(line: string): string[];
/** The known word closest to what was typed, if it is close enough to be meant. */
export declare function didYouMean(typed: string, known: readonly string[]): string | undefined;
