import { z } from 'zod';

/** What the documentation and the error texts need to know about a variable, beside its description. */
export interface VariableFacts {
  /** Completes the sentence "needs …". */
  readonly accepted: string;
  /** Its value never reaches a log or an error text. */
  readonly secret: boolean;
}

/** An address as `host:port` gives it. */
export interface HostPort {
  readonly host: string;
  readonly port: number;
}

/** One database as `mysql://user:password@host:port/database` names it. */
export interface DatabaseAddress extends HostPort {
  readonly username: string;
  readonly password: string;
  readonly database: string;
  /** Encrypt the connection and check whom it leads to. */
  readonly ssl?: boolean;
}

const LEAST_CHARACTERS = 12;
const LEAST_DIFFERENT = 6;
const STRONG = `at least ${LEAST_CHARACTERS} characters, ${LEAST_DIFFERENT} of them different`;
/** What guessing begins with, however often it is repeated. */
const WELL_KNOWN = /^((password|passw0rd|changeme|default|example|parley|secret|admin|guest|root|test)[\W_]*)+\d*$/i;

/** Not a measure of entropy: it finds what was left empty, shortened, or never changed. */
const isStrong = (secret: string): boolean =>
  secret.length >= LEAST_CHARACTERS && new Set(secret).size >= LEAST_DIFFERENT && !WELL_KNOWN.test(secret);

/**
 * The base of every variable: `parse` gives undefined for a text it does not accept, so that each variable has one
 * error text, which is also its line in the documentation.
 */
function variable<T>(accepted: string, parse: (text: string) => T | undefined, secret = false) {
  return z
    .string()
    .transform((text, context): T => {
      const value = parse(text.trim());
      if (value !== undefined) return value;
      context.addIssue({ code: 'custom', message: `needs ${accepted}` });
      return z.NEVER;
    })
    .meta({ accepted, secret } satisfies VariableFacts);
}

/** A whole number from `min` to `max`. */
export const integerVar = ({ min, max }: { min: number; max: number }) =>
  variable(`a whole number from ${min} to ${max}`, (text) => {
    const value = /^-?\d+$/.test(text) ? Number(text) : Number.NaN;
    return value >= min && value <= max ? value : undefined;
  });

export const booleanVar = () =>
  variable('true or false', (text) => (text === 'true' ? true : text === 'false' ? false : undefined));

/** One of the given words. */
export const choiceVar = <const W extends string>(words: readonly W[]) =>
  variable(`one of ${words.join(', ')}`, (text) => words.find((word) => word === text));

/** A text of a given form; `accepted` describes the form. */
export const textVar = (accepted = 'a text', form = /./) =>
  variable(accepted, (text) => (form.test(text) ? text : undefined));

/** A password or key, which is never shown. One that could be guessed is not accepted. */
export const secretVar = () => variable(`a secret of ${STRONG}`, (text) => (isStrong(text) ? text : undefined), true);

/** Texts separated by commas. */
export const listVar = (accepted = 'a comma-separated list') =>
  variable(accepted, (text) => listOf(text, (item) => item));

/** `host:port` addresses separated by commas. */
export const hostPortListVar = () =>
  variable('a comma-separated list of host:port', (text) => listOf(text, parseHostPort));

/** http(s) addresses separated by commas. */
export const httpUrlListVar = () =>
  variable('a comma-separated list of http://host:port addresses', (text) => listOf(text, parseHttpUrl));

const MYSQL_URL = `mysql://user:password@host:port/database with a password of ${STRONG}`;

export const mysqlUrlVar = () => variable(MYSQL_URL, parseMysqlUrl, true);

export const mysqlUrlListVar = () =>
  variable(`a comma-separated list of ${MYSQL_URL}`, (text) => listOf(text, parseMysqlUrl), true);

export const hostPortText = ({ host, port }: HostPort): string =>
  host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;

/** All items or nothing: one wrong item makes the list wrong. */
function listOf<T>(text: string, parse: (item: string) => T | undefined): readonly T[] | undefined {
  const items: T[] = [];
  for (const part of text.split(',')) {
    const item = part.trim() === '' ? undefined : parse(part.trim());
    if (item === undefined) return undefined;
    items.push(item);
  }
  return items;
}

function parseHostPort(text: string): HostPort | undefined {
  const [, bracketed, plain, digits] = /^(?:\[([0-9a-fA-F:]+)\]|([^\s:/@[\]]+)):(\d{1,5})$/.exec(text) ?? [];
  const host = bracketed ?? plain;
  const port = Number(digits);
  return host !== undefined && port >= 1 && port <= 65_535 ? { host, port } : undefined;
}

function parseHttpUrl(text: string): string | undefined {
  const url = URL.parse(text);
  return url !== null && /^https?:$/.test(url.protocol) ? url.origin : undefined;
}

function parseMysqlUrl(text: string): DatabaseAddress | undefined {
  const url = URL.parse(text);
  const database = url?.pathname.slice(1) ?? '';
  if (url?.protocol !== 'mysql:' || url.hostname === '' || url.username === '' || !/^\w+$/.test(database)) {
    return undefined;
  }
  try {
    const password = decodeURIComponent(url.password);
    if (!isStrong(password)) return undefined;
    return {
      host: url.hostname.replace(/^\[|\]$/g, ''),
      port: url.port === '' ? 3306 : Number(url.port),
      username: decodeURIComponent(url.username),
      password,
      database,
    };
  } catch {
    return undefined;
  }
}
