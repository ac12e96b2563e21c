import { Api, ChatClient, type ChatMessage, type EnteredChannel, type Session } from '@parley/client';
import type { Seq } from '@parley/protocol';
import type { Known } from './complete.js';
import type { Screen } from './screen.js';
export interface ShellOptions {
  readonly api: Api;
  readonly client: ChatClient;
  readonly screen: Screen;
  /** True: a line is done when its message is stored. False: typing goes on while messages are under way. */
  readonly waitForSends: boolean;
}
/** The program behind every face: lines in, lines out. */
export declare class Shell {
  #private;
  private readonly options;
  readonly api: Api;
  readonly client: ChatClient;
  readonly screen: Screen;
  session: Session | undefined;
  channel: EnteredChannel | undefined;
  /** Oldest sequence on the screen of the entered channel: /history goes on before it. */
  oldest: Seq | undefined;
  /** Something a script wants to know at the end went wrong. */
  failed: boolean;
  exited: boolean;
  constructor(options: ShellOptions);
  /** Carries out one line; returns when its result is on the screen. */
  handle(line: string): Promise<void>;
  problem(text: string): void;
  system(text: string): void;
  message({ username, content, mine }: ChatMessage): void;
  /** Connects with a fresh session; the caller has said that the login succeeded. */
  connect(session: Session): Promise<void>;
  /** Ends the connection because the user said so. */
  hangUp(): void;
  /** Runs a request that may make the server close the socket, which is then no news. */
  expectingTheEnd<T>(request: () => Promise<T>): Promise<T>;
  toLobby(): void;
  /** What Tab can offer now; empty lists when the server does not answer. */
  known(): Promise<Known>;
}
