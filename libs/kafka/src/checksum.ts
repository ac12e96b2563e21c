/** Of CRC-32C, its bits reversed. */
const POLYNOMIAL = 0x82f63b78;
const BYTE_VALUES = 256;
/** Bytes that are taken in one step. */
const STEP = 8;

/** What each value of a byte does to the checksum, by how many bytes of the step follow it. */
const effects = new Int32Array(STEP * BYTE_VALUES);
for (let value = 0; value < BYTE_VALUES; value++) {
  let crc = value;
  for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? POLYNOMIAL : 0);
  effects[value] = crc;
}
for (let at = BYTE_VALUES; at < effects.length; at++) {
  const crc = effects[at - BYTE_VALUES] ?? 0;
  effects[at] = effectOf(crc, 0) ^ (crc >>> 8);
}

function effectOf(byte: number, following: number): number {
  return effects[following * BYTE_VALUES + (byte & 0xff)] ?? 0;
}

/** CRC-32C. Eight bytes at a time, because each byte's effect is looked up without waiting for the one before. */
export function crc32c(data: Uint8Array): number {
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  const stepsEnd = data.length - (data.length % STEP);
  let crc = -1;
  let at = 0;
  for (; at < stepsEnd; at += STEP) {
    const low = crc ^ view.getInt32(at, true);
    const high = view.getInt32(at + 4, true);
    crc =
      effectOf(low, 7) ^
      effectOf(low >>> 8, 6) ^
      effectOf(low >>> 16, 5) ^
      effectOf(low >>> 24, 4) ^
      effectOf(high, 3) ^
      effectOf(high >>> 8, 2) ^
      effectOf(high >>> 16, 1) ^
      effectOf(high >>> 24, 0);
  }
  for (; at < data.length; at++) crc = effectOf(crc ^ view.getUint8(at), 0) ^ (crc >>> 8);
  return ~crc >>> 0;
}
