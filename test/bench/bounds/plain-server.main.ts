// The least a chat server on `ws` can do: it gives numbers to messages and passes them on, stores nothing, asks nobody.
// Frames are built once and written once per socket and turn. Prints its port. Started by plain.ts.
// With --refuse it takes no message: each gets the same ERROR, and is not even read for it.
import { createServer } from 'node:http';
import type { Duplex } from 'node:stream';
import { WebSocketServer } from 'ws';

interface Peer {
  readonly stream: Duplex;
  channel: Channel | undefined;
  waiting: Buffer[];
}
interface Channel {
  last: number;
  readonly peers: Set<Peer>;
}
interface Frame {
  readonly type: string;
  readonly channelId: number;
  readonly serial: number;
  readonly content: string;
  readonly startMessageSeqId: number;
  readonly endMessageSeqId: number;
}

const isFrame = (value: unknown): value is Frame =>
  typeof value === 'object' && value !== null && 'type' in value && typeof value.type === 'string';

const channels = new Map<number, Channel>();
const dirty: Peer[] = [];

function frame(value: object): Buffer {
  const payload = Buffer.from(JSON.stringify(value));
  const head = Buffer.alloc(payload.length < 126 ? 2 : 4);
  head[0] = 0x81;
  head[1] = Math.min(payload.length, 126);
  if (payload.length >= 126) head.writeUInt16BE(payload.length, 2);
  return Buffer.concat([head, payload]);
}

function flush(): void {
  for (const peer of dirty.splice(0)) {
    const [first] = peer.waiting;
    if (first !== undefined) peer.stream.write(peer.waiting.length === 1 ? first : Buffer.concat(peer.waiting));
    peer.waiting = [];
  }
}

function send(peer: Peer, bytes: Buffer): void {
  if (dirty.length === 0) setImmediate(flush);
  if (peer.waiting.push(bytes) === 1) dirty.push(peer);
}

function handle(peer: Peer, request: Frame): void {
  const { type, channelId, serial, content, startMessageSeqId, endMessageSeqId } = request;
  const channel = channels.get(channelId) ?? { last: 0, peers: new Set() };
  channels.set(channelId, channel);
  if (type === 'ENTER_REQUEST') {
    channel.peers.add(peer);
    peer.channel = channel;
    const last = channel.last;
    const entered = {
      type: 'ENTER_RESPONSE',
      channelId,
      title: '',
      lastReadMessageSeqId: 0,
      lastChannelMessageSeqId: last,
    };
    send(peer, frame(entered));
  } else if (type === 'WRITE_MESSAGE') {
    channel.last += 1;
    send(peer, frame({ type: 'WRITE_MESSAGE_ACK', serial, messageSeqId: channel.last }));
    const news = frame({ type: 'NOTIFY_MESSAGE', channelId, messageSeqId: channel.last, username: 'u', content });
    for (const other of channel.peers) if (other !== peer) send(other, news);
  } else if (type === 'FETCH_MESSAGES_REQUEST') {
    const messages = [];
    for (let seq = startMessageSeqId; seq <= Math.min(endMessageSeqId, channel.last); seq += 1) {
      messages.push({ channelId, messageSeqId: seq, username: 'u', content: '' });
    }
    send(peer, frame({ type: 'FETCH_MESSAGES_RESPONSE', channelId, messages }));
  }
}

const refusesMessages = process.argv.includes('--refuse');
const REFUSAL = frame({ type: 'ERROR', messageType: 'WRITE_MESSAGE', message: 'Write message failed.' });

const http = createServer();
const sockets = new WebSocketServer({ noServer: true, perMessageDeflate: false, clientTracking: false });
http.on('upgrade', (request, stream, head) => {
  sockets.handleUpgrade(request, stream, head, (socket) => {
    const peer: Peer = { stream, channel: undefined, waiting: [] };
    socket.on('message', (data) => {
      const text = Buffer.isBuffer(data) ? data.toString() : '{}';
      if (refusesMessages && text.startsWith('{"type":"WRITE_MESSAGE"')) {
        send(peer, REFUSAL);
        return;
      }
      const frame: unknown = JSON.parse(text);
      if (isFrame(frame)) handle(peer, frame);
    });
    socket.on('close', () => peer.channel?.peers.delete(peer));
    socket.on('error', () => undefined);
  });
});
http.listen(0, '127.0.0.1', 4096, () => {
  const address = http.address();
  process.stdout.write(`${typeof address === 'object' ? address?.port : ''}\n`);
});
process.stdin.resume().once('end', () => process.exit(0));
