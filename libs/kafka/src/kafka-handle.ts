import kafkajs, { type Kafka, type KafkaConfig, type LogEntry, type RetryOptions } from 'kafkajs';
import './broken-responses.js';
import './one-at-a-time.js';
import './produce-request.js';
import { Lines, type Patience } from './lines.js';

export interface KafkaOptions {
  /** Addresses as `host:port`; any one that answers leads to the rest. */
  brokers: readonly string[];
  clientId: string;
  ssl?: boolean;
  sasl?: { username: string; password: string; mechanism?: SaslMechanism };
}

export type SaslMechanism = 'plain' | 'scram-sha-256' | 'scram-sha-512';

/** The part of a structured logger that this library needs; pino fits. */
export interface Log {
  debug(details: object, message: string): void;
  info(details: object, message: string): void;
  warn(details: object, message: string): void;
  error(details: object, message: string): void;
}

/** Where the brokers are and how to log. Opens nothing by itself; everything else in this library is made from it. */
export interface KafkaHandle {
  readonly log: Log;
  /** Connections for one client that can be cut off. Where there are other brokers, one that is silent is hung up. */
  lines(patience: Patience): Lines;
  /** A client whose requests are retried as the caller needs: producers and consumers differ. */
  client(tuning: { retry: RetryOptions; requestTimeoutMs?: number; lines?: Lines }): Kafka;
}

const FIRST_ANSWER_MS = 2_000;

export function createKafka(options: KafkaOptions, log: Log): KafkaHandle {
  const { sasl, brokers } = options;
  const repeats = new Repeats();
  const config: Omit<KafkaConfig, 'brokers'> = {
    clientId: options.clientId,
    ssl: options.ssl ?? false,
    connectionTimeout: 2_000,
    logLevel: kafkajs.logLevel.INFO,
    logCreator: () => (entry) => forward(entry, log, repeats),
    ...(sasl && { sasl: saslOptions(sasl) }),
  };
  const lines = (patience: Patience): Lines => new Lines(brokers.length > 1 ? patience : {});
  let clients = 0;
  return {
    log,
    lines,
    client({ retry, requestTimeoutMs = 10_000, lines: own = lines({ firstAnswerMs: FIRST_ANSWER_MS }) }) {
      // Each client tries another broker first: a client that is made because one is silent must not begin with that one.
      const first = clients++ % brokers.length;
      return new kafkajs.Kafka({
        ...config,
        brokers: [...brokers.slice(first), ...brokers.slice(0, first)],
        retry,
        requestTimeout: requestTimeoutMs,
        socketFactory: own.factory,
      });
    },
  };
}

function saslOptions({ username, password, mechanism = 'scram-sha-512' }: NonNullable<KafkaOptions['sasl']>) {
  switch (mechanism) {
    case 'plain':
      return { mechanism, username, password } as const;
    case 'scram-sha-256':
      return { mechanism, username, password } as const;
    case 'scram-sha-512':
      return { mechanism, username, password } as const;
  }
}

/** What kafkajs reports as an error while a group or a leader changes hands: it recovers from all of it by itself. */
const ROUTINE =
  /rebalanc|re-?join|not aware of this member|coordinator|not the leader|leadership election|does not host|has been given up/i;

/** Dead brokers are tried again many times a second, by each client: the same line is logged once in so long. */
const REPEAT_AFTER_MS = 5_000;
const MOST_LINES = 1_000;

/** Which lines have just been logged. */
class Repeats {
  readonly #lastLogged = new Map<string, number>();

  hasJustHad(line: string, now = performance.now()): boolean {
    const last = this.#lastLogged.get(line);
    if (last !== undefined && now - last < REPEAT_AFTER_MS) return true;
    if (this.#lastLogged.size >= MOST_LINES) this.#lastLogged.clear();
    this.#lastLogged.set(line, now);
    return false;
  }
}

/** kafkajs calls every passing trouble an error; what lasts is reported by the classes of this library. */
function forward({ level, namespace, log: entry }: LogEntry, log: Log, repeats: Repeats): void {
  const text = `kafkajs ${namespace}: ${entry.message}`;
  const { broker, groupId, error }: Record<string, unknown> = entry;
  const details = { broker, groupId, error };
  const routine = ROUTINE.test(entry.message) || (typeof error === 'string' && ROUTINE.test(error));
  if (routine || level > kafkajs.logLevel.WARN) log.debug(details, text);
  else if (repeats.hasJustHad(`${text} ${String(broker)}`)) return;
  else if (level === kafkajs.logLevel.ERROR) log.warn(details, text);
  else log.info(details, text);
}
