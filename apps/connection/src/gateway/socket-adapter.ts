import type { WebSocketAdapter } from '@nestjs/common';
import type { ClientSocket, CloseReason } from '../socket/client-socket.js';
import { SocketServer, type SocketServerParts } from './socket-server.js';

/**
 * Gives Nest's gateways our sockets. Frames do not pass through it: Nest would run those of one socket side by side
 * and drop the ones it does not know, so the gateway takes them from the socket itself.
 */
export class SocketAdapter implements WebSocketAdapter<SocketServer, ClientSocket> {
  constructor(private readonly parts: SocketServerParts) {}

  create(): SocketServer {
    return new SocketServer(this.parts);
  }

  bindClientConnect(server: SocketServer, callback: (socket: ClientSocket) => void): void {
    server.whenOpened(callback);
  }

  bindClientDisconnect(socket: ClientSocket, callback: (reason: CloseReason | undefined) => void): void {
    socket.whenGone(callback);
  }

  closeClient(socket: ClientSocket): void {
    socket.close('goingAway');
  }

  bindMessageHandlers(): void {}

  /** The door is shut and the sockets are gone by then. */
  close(): void {}

  /** Called by Nest although its interface does not name it. */
  dispose(): void {}
}
