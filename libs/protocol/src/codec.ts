import { CLIENT_FRAME_TYPES, ClientFrame } from './client-frames.js';
import { ERROR_TEXT, UNKNOWN_TYPE } from './errors.js';
import { err, ok, type Result } from './result.js';
import { ServerFrame } from './server-frames.js';

/** Why a frame could not be read: goes back to the sender as an ERROR. */
export interface Malformed {
  readonly messageType: string;
  readonly message: string;
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** The only place in the system where a client's frame is parsed. Unknown fields are ignored. */
export function decodeClientFrame(raw: string): Result<ClientFrame, Malformed> {
  const json = parseJson(raw);
  if (!isObject(json)) return err({ messageType: UNKNOWN_TYPE, message: ERROR_TEXT.notJson });
  const type = json['type'];
  if (typeof type !== 'string' || !CLIENT_FRAME_TYPES.has(type)) {
    return err({ messageType: UNKNOWN_TYPE, message: ERROR_TEXT.unknownType });
  }
  const frame = ClientFrame.safeParse(json);
  if (frame.success) return ok(frame.data);
  const [issue] = frame.error.issues;
  return err({ messageType: type, message: `Invalid frame: ${issue?.message ?? 'unreadable'}.` });
}

/** Reads what a server sent; undefined for a frame this version does not know. */
export function decodeServerFrame(raw: string): ServerFrame | undefined {
  const frame = ServerFrame.safeParse(parseJson(raw));
  return frame.success ? frame.data : undefined;
}

export const encodeFrame = (frame: ServerFrame | { readonly type: string }): string => JSON.stringify(frame);

function parseJson(raw: string): unknown {
  try {
    return JSON.parse(raw);
  } catch {
    return undefined;
  }
}
