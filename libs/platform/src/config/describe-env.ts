import { z } from 'zod';
import { hostPortText } from './variables.js';

/** One line of the table of variables. */
export interface VariableDescription {
  readonly name: string;
  /** As it would be written in the environment; "required" or "none" where there is no default. */
  readonly default: string;
  readonly accepted: string;
  readonly description: string;
}

/** The documentation of a schema, in the order of its fields. */
export function describeEnv(schema: z.ZodObject): VariableDescription[] {
  return Object.entries(schema.shape).map(([name, field]) => {
    const { accepted = '', description = '', fallback } = describeVariable(field);
    return { name, default: fallback, accepted, description };
  });
}

interface FieldFacts {
  readonly accepted: string | undefined;
  readonly description: string | undefined;
  readonly secret: boolean;
  readonly fallback: string;
}

/** Defaults and optionals wrap the variable, and each layer may carry a part of what is known about it. */
export function describeVariable(field: z.core.$ZodType): FieldFacts {
  const known = z.globalRegistry.get(field) ?? {};
  const inner =
    field instanceof z.ZodDefault
      ? { ...describeVariable(field.unwrap()), fallback: defaultText(field.def.defaultValue) }
      : field instanceof z.ZodOptional
        ? { ...describeVariable(field.unwrap()), fallback: 'none' }
        : { accepted: undefined, description: undefined, secret: false, fallback: 'required' };
  return {
    accepted: typeof known['accepted'] === 'string' ? known['accepted'] : inner.accepted,
    description: known.description ?? inner.description,
    secret: known['secret'] === true || inner.secret,
    fallback: inner.fallback,
  };
}

const Address = z.object({ host: z.string(), port: z.number() });

function defaultText(value: unknown): string {
  if (Array.isArray(value)) return value.length === 0 ? 'none' : value.map(defaultText).join(',');
  const address = Address.safeParse(value);
  return address.success ? hostPortText(address.data) : String(value);
}
