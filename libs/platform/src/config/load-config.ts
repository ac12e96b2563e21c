import { z } from 'zod';
import { describeVariable } from './describe-env.js';

/** One or more environment variables are wrong; the message has one line for each and shows no secret. */
export class ConfigurationError extends Error {
  override readonly name = 'ConfigurationError';

  constructor(readonly problems: readonly string[]) {
    super(problems.join('\n'));
  }
}

/**
 * Reads the whole configuration once, at start. An empty variable counts as absent.
 *
 * @throws ConfigurationError naming every wrong variable, what it accepts and what it was given
 */
export function loadConfig<S extends z.ZodObject>(
  schema: S,
  env: Readonly<Record<string, string | undefined>> = process.env,
): Readonly<z.output<S>> {
  const given = Object.fromEntries(
    Object.keys(schema.shape)
      .map((name): [string, string | undefined] => [name, env[name]])
      .filter(([, value]) => value !== undefined && value.trim() !== ''),
  );
  const parsed = schema.safeParse(given);
  if (parsed.success) return deepFreeze(parsed.data);
  throw new ConfigurationError(parsed.error.issues.map((issue) => problemText(schema, issue, env)));
}

function problemText(
  schema: z.ZodObject,
  issue: z.core.$ZodIssue,
  env: Readonly<Record<string, string | undefined>>,
): string {
  const name = String(issue.path[0] ?? '');
  const shape: z.core.$ZodShape = schema.shape;
  const field = shape[name];
  if (field === undefined) return issue.message;
  const { accepted, secret } = describeVariable(field);
  const value = env[name]?.trim();
  if (value === undefined || value === '') return `${name}: is missing, needs ${accepted ?? 'a value'}`;
  const needs = issue.code === 'custom' || accepted === undefined ? issue.message : `needs ${accepted}`;
  return `${name}: ${needs}, was given ${secret || holdsCredentials(name, value) ? 'a value that is not shown' : JSON.stringify(value)}`;
}

/** Guards variables whose schema forgot to say that they are secret. */
const holdsCredentials = (name: string, value: string): boolean =>
  /PASSWORD|SECRET|TOKEN/.test(name) || /\/\/[^/\s]*@/.test(value);

function deepFreeze<T>(value: T): Readonly<T> {
  if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) {
    Object.values(value).forEach(deepFreeze);
    Object.freeze(value);
  }
  return value;
}
