import { readdirSync, readFileSync } from 'node:fs';
import { z } from 'zod';

const Frame = z.looseObject({ type: z.string() });
const ClientFixture = z.object({
  type: z.string(),
  valid: z.array(z.object({ name: z.string(), frame: Frame, read: Frame.optional() })).min(1),
  invalid: z.array(z.object({ name: z.string(), frame: Frame, error: z.string() })),
});
const ServerFixture = z.object({
  type: z.string(),
  valid: z.array(z.object({ name: z.string(), frame: Frame })).min(1),
  invalid: z.array(z.object({ name: z.string(), frame: Frame })),
});
const Malformed = z.array(
  z.object({ name: z.string(), text: z.string(), error: z.object({ messageType: z.string(), message: z.string() }) }),
);

const folder = new URL('../fixtures/', import.meta.url);
const json = (path: string): unknown => JSON.parse(readFileSync(new URL(path, folder), 'utf8'));
const all = <T>(direction: 'client' | 'server', schema: z.ZodType<T>): T[] =>
  readdirSync(new URL(direction, folder))
    .toSorted()
    .map((file) => schema.parse(json(`${direction}/${file}`)));

/** The frames in `fixtures`, one entry for each file; see its README. */
export const clientFixtures = all('client', ClientFixture);
export const serverFixtures = all('server', ServerFixture);
export const malformedTexts = Malformed.parse(json('malformed.json'));
