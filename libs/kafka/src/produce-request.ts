import { createRequire } from 'node:module';
import { crc32c } from './checksum.js';
import { type Bytes, lengthOf, RequestWriter, varintBytesSize, varintSize } from './request-writer.js';

/** What kafkajs asks for when it writes records; see its `protocol/requests/produce/v3/request.js`. */
interface ProduceAsked {
  readonly acks: number;
  /** How long the broker may wait for its replicas, in ms. */
  readonly timeout: number;
  readonly topicData: readonly TopicRecords[];
  readonly transactionalId?: string | null;
  readonly compression?: number;
}

interface TopicRecords {
  readonly topic: string;
  readonly partitions: readonly { readonly partition: number; readonly messages: readonly Message[] }[];
}

interface Message {
  readonly key?: Bytes;
  readonly value: Bytes;
  readonly headers?: Readonly<Record<string, string>>;
}

interface Sized {
  readonly bytes: Bytes;
  readonly length: number;
}

/** A record and the sizes of its parts, so that each is counted once. */
interface SizedRecord {
  readonly key: Sized;
  readonly value: Sized;
  readonly headers: readonly { readonly name: Sized; readonly value: Sized }[];
  /** Without its own length before it. */
  readonly size: number;
}

interface SizedBatch {
  readonly partition: number;
  readonly records: readonly SizedRecord[];
  readonly size: number;
}

const MAGIC = 2;
/** Nobody's: what is written twice is recognised by whoever reads it, not by the broker. */
const NO_PRODUCER = -1;
/** Offset of the first record and length of the batch. */
const BATCH_HEAD = 12;
/** From behind the length up to the first record. */
const BATCH_FIELDS = 49;
const API_VERSION = 3;
const PRODUCE = 0;

/** A request to write records, each batch of them as Kafka stores it. Every byte is written once, into one buffer. */
function encodeProduce({ acks, timeout, topicData, transactionalId = null, compression = 0 }: ProduceAsked): Buffer {
  if (transactionalId !== null || compression !== 0) {
    throw new Error('records are neither written in transactions nor compressed');
  }
  const topics = topicData.map(({ topic, partitions }) => ({ topic, batches: partitions.map(sizedBatch) }));
  // The transaction, the acknowledgements, the timeout and how many topics.
  let size = 2 + 2 + 4 + 4;
  for (const { topic, batches } of topics) {
    size += 2 + lengthOf(topic) + 4;
    for (const batch of batches) size += 4 + 4 + batch.size;
  }
  const writer = new RequestWriter(size).string(null).int16(acks).int32(timeout).int32(topics.length);
  const now = Date.now();
  for (const { topic, batches } of topics) {
    writer.string(topic).int32(batches.length);
    for (const batch of batches) writeBatch(writer.int32(batch.partition).int32(batch.size), batch, now);
  }
  return writer.buffer;
}

function sizedBatch({ partition, messages }: TopicRecords['partitions'][number]): SizedBatch {
  const records = messages.map(sizedRecord);
  const size = records.reduce((sum, record) => sum + varintSize(record.size) + record.size, BATCH_HEAD + BATCH_FIELDS);
  return { partition, records, size };
}

function sizedRecord({ key = null, value, headers }: Message, index: number): SizedRecord {
  const sized = { key: sizedBytes(key), value: sizedBytes(value) };
  const sizedHeaders = Object.entries(headers ?? {}).map(([name, text]) => ({
    name: sizedBytes(name),
    value: sizedBytes(text),
  }));
  // Attributes, and the time since the first record, which all share: a byte each.
  let size = 2 + varintSize(index) + sizeOf(sized.key) + sizeOf(sized.value) + varintSize(sizedHeaders.length);
  for (const header of sizedHeaders) size += sizeOf(header.name) + sizeOf(header.value);
  return { ...sized, headers: sizedHeaders, size };
}

const sizedBytes = (bytes: Bytes): Sized => ({ bytes, length: lengthOf(bytes) });
const sizeOf = ({ bytes, length }: Sized): number => varintBytesSize(bytes, length);

function writeBatch(writer: RequestWriter, { records, size }: SizedBatch, now: number): void {
  // Where it lies in the partition, and how many bytes follow.
  writer.int64(0).int32(size - BATCH_HEAD);
  // The leader's epoch and the format.
  writer.int32(0).int8(MAGIC);
  const checksumAt = writer.at;
  writer.int32(0);
  const checkedFrom = writer.at;
  // Attributes, the last record's offset, the times of the first and the last record.
  writer
    .int16(0)
    .int32(records.length - 1)
    .int64(now)
    .int64(now);
  writer.int64(NO_PRODUCER).int16(0).int32(0);
  writer.int32(records.length);
  for (const [index, record] of records.entries()) writeRecord(writer, record, index);
  writer.uint32At(checksumAt, crc32c(writer.buffer.subarray(checkedFrom, writer.at)));
}

function writeRecord(writer: RequestWriter, { key, value, headers, size }: SizedRecord, index: number): void {
  writer.varint(size).int8(0).varint(0).varint(index);
  writer.varintBytes(key.bytes, key.length).varintBytes(value.bytes, value.length).varint(headers.length);
  for (const header of headers) {
    writer.varintBytes(header.name.bytes, header.name.length).varintBytes(header.value.bytes, header.value.length);
  }
}

const require = createRequire(import.meta.url);
const PLACE = require.resolve('kafkajs/src/protocol/requests/produce/v3/request.js');

/**
 * kafkajs 2.2.4 copies a batch eight times on its way into a request, mostly into buffers of zeros up to twice as large.
 * It loads what uses this only with its first request, so it finds ours in its place.
 */
require(PLACE);
Object.assign(require.cache[PLACE] ?? {}, {
  exports: (asked: ProduceAsked) => ({
    apiKey: PRODUCE,
    apiVersion: API_VERSION,
    apiName: 'Produce',
    expectResponse: () => asked.acks !== 0,
    // What kafkajs wants to see of an encoder.
    encode: () => {
      const buffer = encodeProduce(asked);
      return Promise.resolve({ buf: buffer, buffer });
    },
  }),
});
