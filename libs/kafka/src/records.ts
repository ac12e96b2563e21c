import type { EachBatchPayload } from 'kafkajs';
import { PACKED, unpack } from './packing.js';

type KafkaMessage = EachBatchPayload['batch']['messages'][number];

/** A record as it was read. */
export interface InboundRecord {
  topic: string;
  partition: number;
  /** Records that were packed together have the same. */
  offset: bigint;
  key: string | null;
  value: Buffer;
  /** Of a header that is given more than once the last value counts. */
  headers: Record<string, string>;
  /** Milliseconds since 1970, by the producer's clock. */
  timestamp: number;
}

/** A record to be written. Records with the same key keep their order. */
export interface OutboundRecord {
  /** Chooses the partition; null spreads records evenly. */
  key: string | null;
  value: string | Buffer;
  /** Overrides the choice by key. */
  partition?: number;
  headers?: Record<string, string>;
}

export type AddressedRecord = OutboundRecord & { topic: string };

/** The records in one Kafka record: usually one, more where the producer has packed them. */
export function toInbound(topic: string, partition: number, message: KafkaMessage): InboundRecord[] {
  const value = message.value ?? Buffer.alloc(0);
  const headers = readHeaders(message.headers);
  const facts = {
    topic,
    partition,
    offset: BigInt(message.offset),
    key: message.key === null ? null : message.key.toString(),
    timestamp: Number(message.timestamp),
  };
  const packed = headers[PACKED];
  const values = packed === undefined ? undefined : unpack(value, Number(packed));
  if (values === undefined) return [{ ...facts, value, headers }];
  delete headers[PACKED];
  return values.map((each) => ({ ...facts, value: each, headers }));
}

function readHeaders(headers: KafkaMessage['headers']): Record<string, string> {
  const read: Record<string, string> = {};
  for (const [name, value] of Object.entries(headers ?? {})) {
    const last = Array.isArray(value) ? value.at(-1) : value;
    if (last !== undefined) read[name] = last.toString();
  }
  return read;
}
