import { pino } from 'pino';
import type { LOG_LEVELS } from '../config/base-env.js';

/** Fields first, then a fixed text: what varies is a field. Ids only, never message content. */
export interface LogMethod {
  (fields: object, text?: string): void;
  (text: string): void;
}

/** The log of a service; injectable. */
export abstract class Log {
  abstract readonly trace: LogMethod;
  abstract readonly debug: LogMethod;
  abstract readonly info: LogMethod;
  abstract readonly warn: LogMethod;
  abstract readonly error: LogMethod;
  abstract readonly fatal: LogMethod;
  /** A log whose every line carries these fields as well. */
  abstract child(fields: object): Log;
}

export interface LogOptions {
  readonly service: string;
  /** Which of the instances of the service. */
  readonly instance: string;
  readonly level: (typeof LOG_LEVELS)[number];
  /** Standard output when absent. */
  readonly destination?: { write(line: string): void };
}

/** People's words and keys to their accounts; left out wherever they might slip in, two levels deep. */
const PRIVATE_FIELDS = ['password', 'cookie', '["set-cookie"]', 'authorization', 'content', 'token', 'secret'];
const anyDepth = (field: string) => {
  const below = field.startsWith('[') ? field : `.${field}`;
  return [field, `*${below}`, `*.*${below}`];
};

/** One JSON object per line, with ISO time, `service` and `instance`. */
export function createLogger({ service, instance, level, destination }: LogOptions): Log {
  const options: pino.LoggerOptions = {
    level,
    base: { service, instance },
    timestamp: pino.stdTimeFunctions.isoTime,
    messageKey: 'text',
    formatters: { level: (label) => ({ level: label }) },
    redact: { paths: PRIVATE_FIELDS.flatMap(anyDepth), censor: '[private]' },
    serializers: { err: errorFields, error: errorFields },
  };
  return destination === undefined ? pino(options) : pino(options, destination);
}

/** Errors of drivers carry whole statements with their parameters: only what explains the failure is kept. */
function errorFields(error: unknown): unknown {
  if (!(error instanceof Error)) return error;
  return {
    type: error.name,
    message: error.message,
    ...('code' in error && { code: error.code }),
    stack: error.stack,
    ...(error.cause !== undefined && { cause: errorFields(error.cause) }),
  };
}
