import type { WriteStream } from 'node:tty';
import { type Known } from './complete.js';
import { type Colours, type Screen } from './screen.js';
export interface TtyFaceOptions {
  readonly input: NodeJS.ReadStream;
  readonly output: WriteStream;
  readonly colours: Colours;
  /** Newest first. */
  readonly history: string[];
  readonly onLine: (line: string) => void;
  /** Ctrl-C, Ctrl-D on an empty line, or the terminal went away. */
  readonly onEnd: () => void;
  readonly known: () => Promise<Known>;
}
/** Line editing at the bottom; everything else is printed above it. */
export declare class TtyFace implements Screen {
  #private;
  private readonly options;
  constructor(options: TtyFaceOptions);
  /** Newest first. */
  get history(): readonly string[];
  system(text: string): void;
  problem(text: string): void;
  message(username: string, content: string, mine: boolean): void;
  clear(): void;
  askSecret(question: string): Promise<string | undefined>;
  /** Gives the terminal back; what is printed later goes below. */
  close(): void;
}
