import { z } from 'zod';
import { topic } from './topic.js';

/** A session ended before its time (logout, unregister): its sockets close. `session` is the stored key, never the cookie. */
export const SessionEnded = z.object({ kind: z.literal('SESSION_ENDED'), session: z.string() });

/** A message service has just started and knows nobody yet: every connection server answers with a presence snapshot. */
export const SnapshotWanted = z.object({ kind: z.literal('SNAPSHOT_WANTED') });

export const ConnectionControl = z.discriminatedUnion('kind', [SessionEnded, SnapshotWanted]);
export type ConnectionControl = z.infer<typeof ConnectionControl>;

/** Read by every connection server. */
export const connectionControl = topic('connection-control', ConnectionControl, () => null);
