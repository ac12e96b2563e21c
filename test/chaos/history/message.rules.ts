import { type Evidence, type Message, ofKind } from './entries.js';
import { sendings } from './sendings.js';
import type { Violation } from './violation.js';

type Row = Evidence['tables']['rows'][number];

const said = ({ seq, author, content }: Message): string => `${seq} by ${author} "${content.slice(0, 40)}"`;

/** Acknowledgements against rows. Texts are unique in a run, so a row is found by its text alone. */
export function* checkAcks({ log, tables }: Evidence): Generator<Violation> {
  const rows = Map.groupBy(tables.rows, (row) => row.content);
  const writes = new Map(ofKind(log, 'write').map((write) => [write.serial, write]));
  const told = new Set<string>();
  for (const { serial, seq, device } of ofKind(log, 'ack')) {
    if (told.has(`${serial} ${seq}`)) continue;
    told.add(`${serial} ${seq}`);
    const write = writes.get(serial);
    const stored = write === undefined ? [] : (rows.get(write.content) ?? []);
    const [row] = stored;
    const what = `serial ${serial}, acknowledged to ${device} as ${seq}`;
    if (write === undefined || row === undefined) {
      yield { rule: 'ackedIsStoredOnce', text: `${what}, is not stored` };
    } else if (stored.length > 1) {
      yield { rule: 'ackedIsStoredOnce', text: `${what}, is stored ${stored.length} times` };
    } else if (row.seq !== seq || row.channel !== write.channel || row.author !== write.user) {
      yield { rule: 'ackedIsStoredOnce', text: `${what}, is stored in channel ${row.channel} as ${said(row)}` };
    }
  }
}

/** Rows against what was sent. */
export function* checkRows({ log, tables }: Evidence): Generator<Violation> {
  const writes = new Map(ofKind(log, 'write').map((write) => [write.content, write]));
  const seen = new Map<string, Row>();
  for (const row of tables.rows) {
    const write = writes.get(row.content);
    const where = `channel ${row.channel}: ${said(row)}`;
    if (write === undefined) yield { rule: 'storedWasSent', text: `${where} was never sent` };
    else if (write.user !== row.author || write.channel !== row.channel) {
      yield { rule: 'storedWasSent', text: `${where} was sent by ${write.user} to channel ${write.channel}` };
    }
    const first = seen.get(row.content);
    if (first !== undefined) yield { rule: 'storedWasSent', text: `${where} is there a second time, as ${first.seq}` };
    seen.set(row.content, row);
  }
}

/** 1, 2, 3 ... in each channel, all on the channel's shard. */
export function* checkSequences({ tables }: Evidence): Generator<Violation> {
  const shardOf = new Map(tables.channels.map(({ channel, shard }) => [channel, shard]));
  for (const [channel, rows] of Map.groupBy(tables.rows, (row) => row.channel)) {
    const stray = rows.find((row) => row.shard !== shardOf.get(channel));
    if (stray) yield { rule: 'noGaps', text: `channel ${channel}: ${said(stray)} is on shard ${stray.shard}` };
    const sequences = rows.map((row) => row.seq).sort((a, b) => a - b);
    const wrong = sequences.findIndex((seq, index) => seq !== index + 1);
    if (wrong >= 0)
      yield { rule: 'noGaps', text: `channel ${channel}: ${sequences[wrong]} stands where ${wrong + 1} should` };
  }
}

/** Whatever anybody saw under a sequence is what is stored there. */
export function* checkAgreement({ log, tables }: Evidence): Generator<Violation> {
  const rows = new Map(tables.rows.map((row) => [`${row.channel} ${row.seq}`, row]));
  const compare = function* (channel: number, message: Message, how: string): Generator<Violation> {
    const row = rows.get(`${channel} ${message.seq}`);
    if (row?.author === message.author && row.content === message.content) return;
    const stored = row === undefined ? 'nothing is stored' : `${said(row)} is stored`;
    yield { rule: 'agreement', text: `channel ${channel}: ${how} ${said(message)}, ${stored}` };
  };
  for (const entry of log) {
    if (entry.kind === 'frame') yield* compare(entry.channel, entry, `${entry.device} was sent`);
    if (entry.kind === 'shown') yield* compare(entry.channel, entry, `${entry.device} showed`);
    if (entry.kind === 'fetched' || entry.kind === 'scrolled')
      for (const message of entry.messages) yield* compare(entry.channel, message, `${entry.device} ${entry.kind}`);
  }
}

/** If one message was acknowledged before another was first sent, it comes first in the channel. */
export function* checkOrder({ log, tables }: Evidence): Generator<Violation> {
  const all = sendings(log);
  for (const [channel, rows] of Map.groupBy(tables.rows, (row) => row.channel)) {
    let earliest = { t: Infinity, seq: 0 };
    for (const { seq, content } of [...rows].sort((a, b) => b.seq - a.seq)) {
      const { sent, acked } = all.get(content) ?? { sent: Infinity, acked: Infinity };
      if (earliest.t < sent) {
        const text = `channel ${channel}: ${seq} was sent after ${earliest.seq} had been acknowledged`;
        yield { rule: 'order', text };
      }
      if (acked < earliest.t) earliest = { t: acked, seq };
    }
  }
}

/** A message that was acknowledged once is never refused or given up afterwards, and what was refused for good is not stored. */
export function* checkErrors({ log, tables }: Evidence): Generator<Violation> {
  const acked = new Set<number>();
  const contentOf = new Map<number, string>();
  const stored = new Set(tables.rows.map((row) => row.content));
  const refused = new Map<number, string>();
  for (const entry of log) {
    if (entry.kind === 'write') contentOf.set(entry.serial, entry.content);
    if (entry.kind === 'ack') acked.add(entry.serial);
    if (entry.kind === 'failed' && entry.why === 'refused') {
      refused.set(entry.serial, entry.text);
      if (acked.has(entry.serial)) {
        yield { rule: 'ackedStaysAcked', text: `serial ${entry.serial} was acknowledged, then refused: ${entry.text}` };
      }
    }
  }
  for (const [serial, text] of refused) {
    if (!acked.has(serial) && stored.has(contentOf.get(serial) ?? '')) {
      yield { rule: 'ackedStaysAcked', text: `serial ${serial} was refused (${text}), yet it is stored` };
    }
  }
}
