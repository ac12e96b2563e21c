import { SESSION_COOKIE } from '@parley/protocol';
import { WebSocket } from 'ws';
import type { OpenSocket } from './socket.js';

/** WebSocket for Node: sends the session as a cookie, and names its origin as other clients do. */
export const openNodeSocket: OpenSocket = (url, session, handlers) => {
  const socket = new WebSocket(url, {
    perMessageDeflate: false,
    origin: url.replace(/^ws/, 'http').replace(/(?<=[^/:])\/.*$/, ''),
    headers: session.cookie === undefined ? {} : { Cookie: `${SESSION_COOKIE}=${session.cookie}` },
  });
  let opened = false;
  let ended = false;
  const fail = (why: 'unauthorized' | 'unreachable'): void => {
    if (!ended) handlers.failed(why);
    ended = true;
  };
  socket.on('open', () => {
    opened = true;
    handlers.opened();
  });
  socket.on('message', (data, isBinary) => {
    // `nodebuffer`, the default, makes every text one buffer.
    if (!isBinary && Buffer.isBuffer(data)) handlers.text(data.toString());
  });
  socket.on('ping', () => handlers.alive());
  socket.on('unexpected-response', (request, response) => {
    fail(response.statusCode === 401 ? 'unauthorized' : 'unreachable');
    request.destroy();
  });
  // An open socket's error is followed by its close, which says the same.
  socket.on('error', () => {
    if (!opened) fail('unreachable');
  });
  socket.on('close', (code, reason) => {
    if (opened) handlers.closed(code, reason.toString());
    else fail('unreachable');
  });
  return {
    send: (text) => socket.send(text),
    close: (code, reason) => {
      socket.close(code, reason);
      // A dead peer does not answer the closing handshake; do not keep the process for it.
      setTimeout(() => socket.terminate(), 1000).unref();
    },
  };
};
