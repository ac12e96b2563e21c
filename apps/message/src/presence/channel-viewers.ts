import type { UserId } from '@parley/protocol';

/** Who shows a channel now, counted so that each question is answered without walking the viewers. */
export interface Viewers {
  /** Changes with every change of the viewers; lets others cache what they derive. */
  readonly version: number;
  readonly servers: ReadonlyMap<string, number>;
  readonly users: ReadonlyMap<UserId, number>;
}

/** {@link Viewers} as the presence map keeps them. */
export class ChannelViewers implements Viewers {
  version = 0;
  readonly servers = new Map<string, number>();
  readonly users = new Map<UserId, number>();

  add(server: string, userId: UserId, count: 1 | -1): void {
    this.version += 1;
    addTo(this.servers, server, count);
    addTo(this.users, userId, count);
  }
}

export const NO_VIEWERS: Viewers = new ChannelViewers();

function addTo<K>(counts: Map<K, number>, key: K, count: number): void {
  const sum = (counts.get(key) ?? 0) + count;
  if (sum > 0) counts.set(key, sum);
  else counts.delete(key);
}
