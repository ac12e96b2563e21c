import { channelId, type ClientFrame, type ServerFrame, seq } from '@parley/protocol';
import { RequestError } from '../src/errors.js';
import { ScriptedServer } from './scripted-server.js';

export const CHANNEL = channelId(2);
export const notify = (at: number, username = 'bob', id = CHANNEL): ServerFrame => ({
  type: 'NOTIFY_MESSAGE',
  channelId: id,
  messageSeqId: seq(at),
  username,
  content: `text ${at}`,
});
export const entered = (lastRead: number, last: number, id = CHANNEL): ServerFrame => ({
  type: 'ENTER_RESPONSE',
  channelId: id,
  title: 'room',
  lastReadMessageSeqId: seq(lastRead),
  lastChannelMessageSeqId: seq(last),
});
export const stored = (from: number, to: number): ServerFrame => ({
  type: 'FETCH_MESSAGES_RESPONSE',
  channelId: CHANNEL,
  messages: Array.from({ length: Math.max(0, to - from + 1) }, (_, at) => ({
    channelId: CHANNEL,
    messageSeqId: seq(from + at),
    username: 'bob',
    content: `text ${from + at}`,
  })),
});
export const error = (messageType: string, message: string): ServerFrame => ({ type: 'ERROR', messageType, message });

/** A server with a channel of `last` messages, of which `lastRead` were read. */
export function channelServer(lastRead: number, last: number): { server: ScriptedServer; grow: (to: number) => void } {
  const server = new ScriptedServer();
  let end = last;
  server.answer = (frame: ClientFrame) => {
    if (frame.type === 'ENTER_REQUEST') return [entered(lastRead, end)];
    if (frame.type === 'FETCH_MESSAGES_REQUEST') {
      const to = Math.min(frame.endMessageSeqId, end);
      return [stored(Math.max(frame.startMessageSeqId, to - 99), to)];
    }
    if (frame.type === 'LEAVE_REQUEST') return [{ type: 'LEAVE_RESPONSE' }];
    return [];
  };
  return { server, grow: (to) => (end = to) };
}

/** Why a request failed; `answered` if it did not. Listens from the start, so that a failure is never unhandled. */
export async function failureOf(request: Promise<unknown>): Promise<string> {
  try {
    await request;
    return 'answered';
  } catch (error) {
    return error instanceof RequestError ? error.failure : 'other';
  }
}
