import type { InboundRecord, OutboundRecord } from './records.js';

/** The part of the producer that dead letters need. */
export interface DeadLetterSink {
  send(topic: string, record: OutboundRecord): Promise<void>;
}

export const DEFAULT_DEAD_LETTER_TOPIC = 'dead-letter';

const LONGEST_REASON = 1_000;

/** The record as it came, with headers added that say where it was, and why and after how many attempts it was given up. */
export function deadLetter(record: InboundRecord, groupId: string, reason: string, attempts: number): OutboundRecord {
  return {
    key: record.key,
    value: record.value,
    headers: {
      ...record.headers,
      'dead-letter-topic': record.topic,
      'dead-letter-partition': String(record.partition),
      'dead-letter-offset': String(record.offset),
      'dead-letter-group': groupId,
      'dead-letter-reason': reason,
      'dead-letter-attempts': String(attempts),
    },
  };
}

export function reasonOf(error: unknown): string {
  const text = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  return text.slice(0, LONGEST_REASON);
}
