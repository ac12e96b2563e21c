import { type ConnectionPresence, PRESENCE, type PresentConnection, type Snapshot } from '@parley/contracts';
import type { ChannelId, Seq, UserId } from '@parley/protocol';
import { ChannelViewers, NO_VIEWERS, type Viewers } from './channel-viewers.js';

interface Connection {
  readonly id: string;
  readonly userId: UserId;
  readonly server: string;
  channelId: ChannelId | undefined;
  /** The channel of its last announcement, whether that was believed or not; none if the socket had left it before. */
  announced: ChannelId | undefined;
  /** Until then (ms) an announcement that does not know of the channel yet is older than our own knowledge. */
  certainUntil: number;
  /** Last sequence of the channel when the socket entered it, as far as that is known here. */
  since: Seq | undefined;
  /** The latest request to enter a channel that we saw. */
  enteredBy: string;
  /** {@link Server.rounds} when it was last heard of. */
  round: number;
}

interface Server {
  readonly boot: string;
  lastHeard: number;
  readonly connections: Set<string>;
  cursors: ReadonlyMap<ChannelId, Seq>;
  /** The snapshot of which parts are coming, as long as none is missing. */
  coming: { readonly snapshot: number; parts: number; readonly cursors: Map<ChannelId, Seq> } | undefined;
  /** How many snapshots have begun to come. */
  rounds: number;
  /** Whether one has come to its end. */
  isComplete: boolean;
}

const newServer = (boot: string, now: number): Server => ({
  boot,
  lastHeard: now,
  connections: new Set(),
  cursors: new Map(),
  coming: undefined,
  rounds: 0,
  isComplete: false,
});

/** A socket and where it is. */
export interface PlacedSocket {
  readonly connection: string;
  readonly server: string;
  /** The channel it shows. */
  readonly channelId: ChannelId | null;
}

/** A user who was taken to see a channel until `seen`, and no longer does. */
export interface LostViewer {
  readonly channelId: ChannelId;
  readonly userId: UserId;
  readonly seen: Seq;
}

/** The socket of one. */
export interface LostSocket extends LostViewer {
  readonly server: string;
  readonly connection: string;
}

/**
 * What the connection servers have announced: which users are connected where, and which channel each socket shows.
 * Plain memory, no I/O: it is right again one snapshot after any loss.
 */
export class PresenceMap {
  private readonly servers = new Map<string, Server>();
  private readonly connections = new Map<string, Connection>();
  private readonly users = new Map<UserId, Set<string>>();
  private readonly channels = new Map<ChannelId, ChannelViewers>();
  /**
   * Until when (ms) an announcement that still has a socket in a channel is older than its leave, in order of leaving. Kept
   * for each channel: what is told before two leaves may be heard after both.
   */
  private readonly left = new Map<string, number>();
  /** Servers that stopped or fell silent and have not been heard since, and how they went. */
  private readonly gone = new Map<string, 'stopped' | 'silent'>();

  /** Takes in an announcement. `now` in ms of a clock that nobody sets, as everywhere here. Returns viewers that it takes away without a word of their own. */
  apply(record: ConnectionPresence, now: number): LostSocket[] {
    if (record.kind === 'GONE') {
      return this.servers.get(record.server)?.boot === record.boot ? this.drop(record.server, 'stopped') : [];
    }
    const lost = this.knownBoot(record.server, record.boot) ? [] : this.drop(record.server);
    const server = this.server(record.server, record.boot);
    server.lastHeard = now;
    if (record.kind === 'DELTA') {
      for (const connection of record.changed) this.put(record.server, connection, now);
      for (const id of record.closed) this.remove(id);
      return lost;
    }
    this.takePart(server, record, now);
    return lost;
  }

  /** Forgets servers that have been silent for too long. What they said before `upTo` has been read. */
  expire(upTo: number): LostSocket[] {
    const dead = [...this.servers].filter(([, server]) => upTo - server.lastHeard > PRESENCE.deadAfterMs);
    return dead.flatMap(([name]) => this.drop(name));
  }

  /** Nobody could be heard for so long: that is no silence of theirs. */
  excuse(ms: number): void {
    for (const server of this.servers.values()) server.lastHeard += ms;
  }

  /**
   * The owner of a channel has let a socket in: known here before its server can announce it. Enters of one socket are
   * seen in any order; one that a later one has overtaken leaves the socket where it is.
   */
  enter(
    channelId: ChannelId,
    since: Seq,
    viewer: { userId: UserId; server: string; connection: string; request: string },
    now: number,
  ): void {
    const connection = this.connection(viewer.server, viewer.connection, viewer.userId, now);
    // Asked for after that leave, also when it is overtaken: from now on the socket may say that it is there.
    this.left.delete(placeOf(viewer.connection, channelId));
    if (isBefore(viewer.request, connection.enteredBy)) return;
    connection.enteredBy = viewer.request;
    this.show(connection, channelId);
    connection.certainUntil = now + PRESENCE.snapshotMs;
    connection.since = since;
  }

  /** A socket asks to leave: its server announces it in the channel until it has the answer. */
  leave(channelId: ChannelId, connectionId: string, now: number): void {
    this.rememberLeave(placeOf(connectionId, channelId), now);
    this.takeOut(channelId, connectionId);
  }

  /** A server says that a socket has left. It may not know yet that it was let in again, and will then announce that. */
  leftAlready(channelId: ChannelId, connectionId: string, now: number): void {
    const isJustIn = this.connections.get(connectionId)?.channelId === channelId && this.certain(connectionId, now);
    if (!isJustIn) this.rememberLeave(placeOf(connectionId, channelId), now);
    this.takeOut(channelId, connectionId);
  }

  /** All sockets of the user leave the channel; returns the servers that held one. */
  leaveAll(channelId: ChannelId, userId: UserId): string[] {
    const shown = this.connectionsOf(userId).filter((connection) => connection.channelId === channelId);
    for (const connection of shown) this.show(connection, undefined);
    return [...new Set(shown.map((connection) => connection.server))];
  }

  viewers(channelId: ChannelId): Viewers {
    return this.channels.get(channelId) ?? NO_VIEWERS;
  }

  serversOf(userId: UserId): string[] {
    return [...new Set(this.connectionsOf(userId).map((connection) => connection.server))];
  }

  socketsOf(userId: UserId): PlacedSocket[] {
    return this.connectionsOf(userId).map(({ id, server, channelId }) => ({
      connection: id,
      server,
      channelId: channelId ?? null,
    }));
  }

  /** A server that was never heard of gets the benefit of the doubt; one that is silent may only be out of touch. */
  stateOf(server: string): 'alive' | 'stopped' | 'silent' {
    return this.gone.get(server) ?? 'alive';
  }

  /** Last sequences that each live server says it has written out, per channel. */
  *cursors(): Iterable<{ server: string; channelId: ChannelId; seq: Seq }> {
    for (const [server, { cursors }] of this.servers)
      for (const [channelId, seq] of cursors) yield { server, channelId, seq };
  }

  /** Whether the server has said all that it holds. */
  knowsAllOf(server: string): boolean {
    return this.servers.get(server)?.isComplete ?? false;
  }

  /** Whether every server that was heard of has. */
  knowsAll(): boolean {
    return [...this.servers.values()].every(({ isComplete }) => isComplete);
  }

  serverNames(): string[] {
    return [...this.servers.keys()];
  }

  /** Whoever has not been heard of between the first part and the last is not there any more. */
  private takePart(server: Server, { server: name, part, connections, cursors }: Snapshot, now: number): void {
    if (part.index === 0) {
      server.coming = { snapshot: part.snapshot, parts: 0, cursors: new Map() };
      server.rounds += 1;
    }
    for (const connection of connections) this.put(name, connection, now);
    const { coming } = server;
    if (coming === undefined || coming.snapshot !== part.snapshot || coming.parts !== part.index) {
      server.coming = undefined;
      return;
    }
    coming.parts += 1;
    for (const [channelId, seq] of cursors) coming.cursors.set(channelId, seq);
    if (!part.last) return;
    server.coming = undefined;
    server.cursors = coming.cursors;
    server.isComplete = true;
    for (const id of server.connections) {
      if (this.connections.get(id)?.round !== server.rounds && !this.certain(id, now)) this.remove(id);
    }
  }

  private connectionsOf(userId: UserId): Connection[] {
    return [...(this.users.get(userId) ?? [])].flatMap((id) => this.connections.get(id) ?? []);
  }

  private knownBoot(name: string, boot: string): boolean {
    const server = this.servers.get(name);
    return server === undefined || server.boot === boot || server.boot === '';
  }

  private server(name: string, boot: string): Server {
    this.gone.delete(name);
    const known = this.servers.get(name);
    if (known?.boot === boot) return known;
    const server: Server = { ...newServer(boot, 0), connections: known?.connections ?? new Set() };
    this.servers.set(name, server);
    return server;
  }

  private certain(id: string, now: number): boolean {
    return (this.connections.get(id)?.certainUntil ?? 0) > now;
  }

  private takeOut(channelId: ChannelId, connectionId: string): void {
    const connection = this.connections.get(connectionId);
    if (connection === undefined) return;
    if (connection.announced === channelId) connection.announced = undefined;
    // Enters of one socket into channels of different partitions are seen in any order: it may be where it says by now.
    if (connection.channelId === channelId) this.show(connection, connection.announced);
  }

  private rememberLeave(place: string, now: number): void {
    for (const [old, until] of this.left) {
      if (until > now) break;
      this.left.delete(old);
    }
    this.left.delete(place);
    this.left.set(place, now + PRESENCE.snapshotMs);
  }

  private put(server: string, { connection: id, userId, channelId, since }: PresentConnection, now: number): void {
    const connection = this.connection(server, id, userId, now);
    const hasLeft = channelId !== undefined && (this.left.get(placeOf(id, channelId)) ?? 0) > now;
    connection.announced = hasLeft ? undefined : channelId;
    if (connection.certainUntil <= now) this.show(connection, connection.announced);
    if (connection.channelId === channelId) connection.since ??= since;
  }

  private connection(serverName: string, id: string, userId: UserId, now: number): Connection {
    let server = this.servers.get(serverName);
    // Heard of through a command before its first announcement; expires like any other if none follows.
    if (server === undefined) this.servers.set(serverName, (server = newServer('', now)));
    const known = this.connections.get(id);
    if (known !== undefined) {
      known.round = server.rounds;
      return known;
    }
    const connection: Connection = {
      id,
      userId,
      server: serverName,
      channelId: undefined,
      announced: undefined,
      certainUntil: 0,
      since: undefined,
      enteredBy: '',
      round: server.rounds,
    };
    this.connections.set(id, connection);
    server.connections.add(id);
    let ofUser = this.users.get(userId);
    if (ofUser === undefined) this.users.set(userId, (ofUser = new Set()));
    ofUser.add(id);
    return connection;
  }

  private remove(id: string): void {
    const connection = this.connections.get(id);
    if (connection === undefined) return;
    this.show(connection, undefined);
    this.connections.delete(id);
    this.servers.get(connection.server)?.connections.delete(id);
    const ofUser = this.users.get(connection.userId);
    ofUser?.delete(id);
    if (ofUser?.size === 0) this.users.delete(connection.userId);
  }

  private show(connection: Connection, channelId: ChannelId | undefined): void {
    if (connection.channelId === channelId) return;
    if (connection.channelId !== undefined) {
      const viewers = this.channels.get(connection.channelId);
      viewers?.add(connection.server, connection.userId, -1);
      if (viewers?.users.size === 0) this.channels.delete(connection.channelId);
    }
    connection.channelId = channelId;
    connection.certainUntil = 0;
    connection.since = undefined;
    if (channelId === undefined) return;
    let viewers = this.channels.get(channelId);
    if (viewers === undefined) this.channels.set(channelId, (viewers = new ChannelViewers()));
    viewers.add(connection.server, connection.userId, 1);
  }

  private drop(name: string, how: 'stopped' | 'silent' = 'silent'): LostSocket[] {
    const server = this.servers.get(name);
    if (server === undefined) return [];
    const lost: LostSocket[] = [];
    for (const id of server.connections) {
      const connection = this.connections.get(id);
      if (connection === undefined) continue;
      const { channelId, userId, since } = connection;
      const seen = channelId === undefined ? undefined : (server.cursors.get(channelId) ?? since);
      if (channelId !== undefined && seen !== undefined) {
        lost.push({ channelId, userId, seen, server: name, connection: id });
      }
      this.remove(id);
    }
    this.servers.delete(name);
    this.gone.set(name, how);
    return lost;
  }
}

const placeOf = (connectionId: string, channelId: ChannelId): string => `${connectionId}:${channelId}`;

/** Requests of one server end in a number that counts up. */
const isBefore = (one: string, other: string): boolean =>
  one.length === other.length ? one < other : one.length < other.length;
