import { Injectable } from '@nestjs/common';
import type { UserId } from '@parley/protocol';
import type { ClientSocket } from './client-socket.js';

const NOBODY: ReadonlySet<ClientSocket> = new Set();

/** The open sockets of this server. A user may have any number of them. */
@Injectable()
export class OpenSockets {
  private readonly byId = new Map<string, ClientSocket>();
  private readonly byUser = new Map<UserId, Set<ClientSocket>>();

  get size(): number {
    return this.byId.size;
  }

  add(socket: ClientSocket): void {
    this.byId.set(socket.id, socket);
    const ofUser = this.byUser.get(socket.userId);
    if (ofUser === undefined) this.byUser.set(socket.userId, new Set([socket]));
    else ofUser.add(socket);
  }

  remove(socket: ClientSocket): void {
    this.byId.delete(socket.id);
    const ofUser = this.byUser.get(socket.userId);
    ofUser?.delete(socket);
    if (ofUser?.size === 0) this.byUser.delete(socket.userId);
  }

  get(id: string): ClientSocket | undefined {
    return this.byId.get(id);
  }

  ofUser(userId: UserId): ReadonlySet<ClientSocket> {
    return this.byUser.get(userId) ?? NOBODY;
  }

  all(): IterableIterator<ClientSocket> {
    return this.byId.values();
  }
}
