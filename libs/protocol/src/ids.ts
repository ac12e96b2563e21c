import { z } from 'zod';

/** Clients in other languages may send a whole number as text ("3"); it counts as the number. */
const wholeNumber = (value: unknown): unknown =>
  typeof value === 'string' && /^-?\d{1,16}$/.test(value) ? Number(value) : value;

const lenientInt = (minimum: number, accepted: string) =>
  z.preprocess(wholeNumber, z.int(accepted).min(minimum, accepted).max(Number.MAX_SAFE_INTEGER, accepted));

const id = (name: string) => lenientInt(1, `${name} must be a positive whole number`);

export const UserId = id('userId').brand<'UserId'>();
export type UserId = z.infer<typeof UserId>;

export const ChannelId = id('channelId').brand<'ChannelId'>();
export type ChannelId = z.infer<typeof ChannelId>;

/** Position of a message in its channel: 1, 2, 3 ... without gaps; 0 stands before the first. */
export const Seq = lenientInt(0, 'a sequence must be a whole number from 0').brand<'Seq'>();
export type Seq = z.infer<typeof Seq>;

/** Client-chosen number of one send; a retry repeats it. Unique per sender and channel. */
export const Serial = lenientInt(0, 'serial must be a whole number from 0').brand<'Serial'>();
export type Serial = z.infer<typeof Serial>;

export const userId = (value: number): UserId => UserId.parse(value);
export const channelId = (value: number): ChannelId => ChannelId.parse(value);
/** Trusted arithmetic on sequences: no validation, only the brand. */
export const seq = (value: number): Seq => value as Seq;

/** State of the relation between two users (the wire calls it a connection). */
export const ContactStatus = z.enum(
  ['NONE', 'PENDING', 'ACCEPTED', 'REJECTED', 'DISCONNECTED'],
  'status must be one of NONE, PENDING, ACCEPTED, REJECTED, DISCONNECTED',
);
export type ContactStatus = z.infer<typeof ContactStatus>;

/** A client may also write a status as its place in this list, counted from 0. */
export const AskedContactStatus = z.preprocess((value) => {
  const place = wholeNumber(value);
  return typeof place === 'number' ? ContactStatus.options[place] : value;
}, ContactStatus);
