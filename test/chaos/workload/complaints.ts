import { alreadyInvitedTo, ERROR_TEXT } from '@parley/protocol';
import type { Entry } from '../history/entries.js';

/** Answers that people get on any day: who has quit, and whose earlier try was carried out after all. */
const RIGHTLY: readonly string[] = [ERROR_TEXT.notJoined, ERROR_TEXT.alreadyJoined, alreadyInvitedTo('')];

/** What somebody noticed; undefined when it is nothing to complain of. */
function complaint(entry: Entry): string | undefined {
  switch (entry.kind) {
    case 'error':
      return RIGHTLY.some((text) => entry.text.startsWith(text)) ? undefined : entry.text;
    case 'silence':
      return `no answer to ${entry.about}`;
    case 'rest':
      return entry.outcome === 'failed' ? `${entry.about}: ${entry.text}` : undefined;
    case 'link':
      return entry.state.startsWith('lost') || entry.state.startsWith('logged out') ? entry.state : undefined;
    default:
      return undefined;
  }
}

/** What people were told, or noticed, while something was away: each with how often it came. */
export function complaints(log: readonly Entry[], from: number, to: number): { text: string; count: number }[] {
  const texts = log.flatMap((entry) => (entry.t >= from && entry.t <= to ? (complaint(entry) ?? []) : []));
  return [...Map.groupBy(texts, (text) => text)].map(([text, all]) => ({ text, count: all.length }));
}
