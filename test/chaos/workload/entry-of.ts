import type { ServerFrame } from '@parley/protocol';
import type { Untimed } from '../history/history.js';

/** When a device last asked for something about a channel: the type of its frame, and the channel. */
export type AskedAt = (type: string, channel: number) => number;

/** What a frame says that the checker has to know; undefined when it says nothing of the kind. */
export function entryOf(
  frame: ServerFrame,
  by: { readonly device: string; readonly user: string },
  askedAt: AskedAt,
): Untimed | undefined {
  switch (frame.type) {
    case 'NOTIFY_MESSAGE': {
      const { channelId: channel, messageSeqId: seq, username: author, content } = frame;
      return { kind: 'frame', ...by, channel, seq, author, content };
    }
    case 'WRITE_MESSAGE_ACK': {
      const { serial, messageSeqId: seq } = frame;
      return serial === null ? undefined : { kind: 'ack', ...by, serial, seq };
    }
    case 'ENTER_RESPONSE': {
      const { channelId: channel, lastReadMessageSeqId: lastRead } = frame;
      return { kind: 'entered', ...by, channel, asked: askedAt('ENTER_REQUEST', channel), lastRead };
    }
    case 'FETCH_MESSAGES_RESPONSE': {
      const { channelId: channel } = frame;
      const messages = frame.messages.map(({ messageSeqId: seq, username: author, content }) => ({
        seq,
        author,
        content,
      }));
      return { kind: 'fetched', ...by, channel, asked: askedAt('FETCH_MESSAGES_REQUEST', channel), messages };
    }
    case 'ERROR':
      return { kind: 'error', ...by, about: frame.messageType, text: frame.message };
    default:
      return undefined;
  }
}
