import type { LoggerService } from '@nestjs/common';
import type { Log } from './log.js';

/** Contexts in which Nest tells of its own start, a line for each route and module. */
const START_UP_CHATTER = new Set([
  'InstanceLoader',
  'RouterExplorer',
  'RoutesResolver',
  'NestFactory',
  'NestApplication',
  'NestMicroservice',
]);

/** Lets Nest write to our log. Nest gives the context as its last argument. */
export class NestLog implements LoggerService {
  constructor(private readonly target: Log) {}

  log(message: unknown, ...rest: unknown[]): void {
    const context = contextOf(rest);
    const level = context !== undefined && START_UP_CHATTER.has(context) ? 'debug' : 'info';
    this.target[level]({ context }, textOf(message));
  }

  debug(message: unknown, ...rest: unknown[]): void {
    this.target.debug({ context: contextOf(rest) }, textOf(message));
  }

  verbose(message: unknown, ...rest: unknown[]): void {
    this.target.trace({ context: contextOf(rest) }, textOf(message));
  }

  warn(message: unknown, ...rest: unknown[]): void {
    this.target.warn({ context: contextOf(rest) }, textOf(message));
  }

  /** Called as (error, context), (message, stack, context) or (message, context). */
  error(message: unknown, ...rest: unknown[]): void {
    this.target.error({ context: contextOf(rest), ...failureOf(message, rest) }, textOf(message));
  }

  fatal(message: unknown, ...rest: unknown[]): void {
    this.target.fatal({ context: contextOf(rest), ...failureOf(message, rest) }, textOf(message));
  }
}

const contextOf = (rest: readonly unknown[]): string | undefined => {
  const last = rest.at(-1);
  return typeof last === 'string' && !last.includes('\n') ? last : undefined;
};

const textOf = (message: unknown): string =>
  message instanceof Error ? message.message : typeof message === 'string' ? message : (JSON.stringify(message) ?? '');

function failureOf(message: unknown, rest: readonly unknown[]): { err?: Error; stack?: string } {
  if (message instanceof Error) return { err: message };
  const stack = rest.find((item) => typeof item === 'string' && item.includes('\n    at '));
  return typeof stack === 'string' ? { stack } : {};
}
