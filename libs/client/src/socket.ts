import type { Session } from './session.js';

/** What a socket tells its owner; exactly one of `failed` and `closed` comes last. */
export interface SocketHandlers {
  opened(): void;
  text(data: string): void;
  /** The server gave a sign of life that is not a frame (a ping). */
  alive(): void;
  /** An open socket ended. */
  closed(code: number, reason: string): void;
  /** The socket never opened; `unauthorized` = the server refused the session. */
  failed(why: 'unauthorized' | 'unreachable'): void;
}

export interface ClientSocket {
  send(text: string): void;
  close(code?: number, reason?: string): void;
}

/** Opens a WebSocket with the session's cookie. Browsers and Node do this differently, so it is given from outside. */
export type OpenSocket = (url: string, session: Session, handlers: SocketHandlers) => ClientSocket;
