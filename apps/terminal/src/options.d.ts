export interface Options {
  readonly consul: readonly string[];
  /** Set: no discovery. */
  readonly server: string | undefined;
  readonly plain: boolean;
  readonly help: boolean;
}
export declare const DEFAULT_CONSUL: string[];
export declare const USAGE: string;
/** Throws an Error whose message tells the user what is wrong. */
export declare function readOptions(args: readonly string[]): Options;
