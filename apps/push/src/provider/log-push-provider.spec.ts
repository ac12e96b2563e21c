import { createLogger } from '@parley/platform';
import { channelId, seq, userId } from '@parley/protocol';
import type { Push } from '../inbox/inbox.rules.js';
import { LogPushProvider } from './log-push-provider.js';

const message: Push = {
  userId: userId(7),
  id: 'message-2-12',
  type: 'NOTIFY_MESSAGE',
  channelId: channelId(2),
  messageSeqId: seq(12),
  username: 'ann',
  content: 'between us',
};
const invitation: Push = {
  ...message,
  id: 'invitation',
  type: 'ASK_INVITE',
  channelId: null,
  messageSeqId: null,
  content: null,
};

describe('the provider that writes pushes into the log', () => {
  it('writes one line for each, with whom and what it is about, and nothing that people write', async () => {
    const lines: string[] = [];
    const write = (line: string) => void lines.push(line);
    const log = createLogger({ service: 'push', instance: '1', level: 'info', destination: { write } });
    await new LogPushProvider(log).deliver([message, invitation]);
    const fixed = { level: 'info', time: expect.any(String), service: 'push', instance: '1', text: 'pushed' };
    expect(lines.map((line): unknown => JSON.parse(line))).toEqual([
      { ...fixed, type: 'NOTIFY_MESSAGE', userId: 7, channelId: 2, messageSeqId: 12 },
      { ...fixed, type: 'ASK_INVITE', userId: 7, channelId: null, messageSeqId: null },
    ]);
  });
});
