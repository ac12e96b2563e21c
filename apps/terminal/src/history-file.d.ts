export declare function historyPath(env: NodeJS.ProcessEnv): string;
/** Commands only: what was said in a channel does not belong in a file, and passwords nowhere. */
export declare const isKept: (line: string) => boolean;
/** Newest first, as readline wants it. */
export declare function loadHistory(path: string): string[];
/** Losing the history is no reason to fail. */
export declare function saveHistory(path: string, newestFirst: readonly string[]): void;
