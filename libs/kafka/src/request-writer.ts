export type Bytes = string | Buffer | null;

/** Length of `bytes` in UTF-8; 0 for null. */
export const lengthOf = (bytes: Bytes): number => (bytes === null ? 0 : Buffer.byteLength(bytes));

/** Kafka's signed numbers of variable length: small ones of either sign take one byte. */
const zigzag = (value: number): number => ((value << 1) ^ (value >> 31)) >>> 0;

export function varintSize(value: number): number {
  let size = 1;
  for (let rest = zigzag(value); rest > 0x7f; rest >>>= 7) size++;
  return size;
}

/** Size of what `varintBytes` writes. */
export const varintBytesSize = (bytes: Bytes, length: number): number =>
  bytes === null ? 1 : varintSize(length) + length;

/** Writes the types of Kafka's protocol, one after the other, into a buffer of the size that is needed. */
export class RequestWriter {
  readonly buffer: Buffer;
  #at = 0;

  constructor(size: number) {
    this.buffer = Buffer.allocUnsafe(size);
  }

  get at(): number {
    return this.#at;
  }

  int8(value: number): this {
    this.#at = this.buffer.writeInt8(value, this.#at);
    return this;
  }

  int16(value: number): this {
    this.#at = this.buffer.writeInt16BE(value, this.#at);
    return this;
  }

  int32(value: number): this {
    this.#at = this.buffer.writeInt32BE(value, this.#at);
    return this;
  }

  /** Also beyond 32 bits, as far as a number is exact. */
  int64(value: number): this {
    return this.int32(Math.floor(value / 2 ** 32)).int32(value | 0);
  }

  varint(value: number): this {
    let rest = zigzag(value);
    for (; rest > 0x7f; rest >>>= 7) this.#at = this.buffer.writeUInt8((rest & 0x7f) | 0x80, this.#at);
    this.#at = this.buffer.writeUInt8(rest, this.#at);
    return this;
  }

  /** A text with its length in 16 bits before it. */
  string(text: string | null): this {
    this.int16(text === null ? -1 : lengthOf(text));
    return this.raw(text);
  }

  /** `length` is that of `bytes`, known already. */
  varintBytes(bytes: Bytes, length: number): this {
    return this.varint(bytes === null ? -1 : length).raw(bytes);
  }

  raw(bytes: Bytes): this {
    if (bytes === null) return this;
    this.#at += typeof bytes === 'string' ? this.buffer.write(bytes, this.#at) : bytes.copy(this.buffer, this.#at);
    return this;
  }

  /** Writes a number at a place that was left for it. */
  uint32At(place: number, value: number): void {
    this.buffer.writeUInt32BE(value, place);
  }
}
