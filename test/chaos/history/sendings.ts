import type { Entry } from './entries.js';

/** When a message was first sent, and first acknowledged; by its text, which no other message of a run has. */
export function sendings(log: readonly Entry[]): Map<string, { readonly sent: number; acked: number }> {
  const all = new Map<string, { readonly sent: number; acked: number }>();
  const contentOf = new Map<number, string>();
  for (const entry of log) {
    if (entry.kind === 'write') {
      contentOf.set(entry.serial, entry.content);
      if (!all.has(entry.content)) all.set(entry.content, { sent: entry.t, acked: Infinity });
    } else if (entry.kind === 'ack') {
      const sending = all.get(contentOf.get(entry.serial) ?? '');
      if (sending) sending.acked = Math.min(sending.acked, entry.t);
    }
  }
  return all;
}
