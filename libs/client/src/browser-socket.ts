import { PATHS } from '@parley/protocol';
import type { Session } from './session.js';
import type { OpenSocket } from './socket.js';
import { userParameter } from './user-parameter.js';

/** The browser's own WebSocket; it adds the page's session cookie by itself. */
export const openBrowserSocket: OpenSocket = (url, session, handlers) => {
  const socket = new WebSocket(url);
  let opened = false;
  socket.addEventListener('open', () => {
    opened = true;
    handlers.opened();
  });
  socket.addEventListener('message', ({ data }) => {
    if (typeof data === 'string') handlers.text(data);
  });
  socket.addEventListener('close', ({ code, reason }) => {
    if (opened) handlers.closed(code, reason);
    else void sessionRefused(url, session).then((refused) => handlers.failed(refused ? 'unauthorized' : 'unreachable'));
  });
  return {
    send: (text) => socket.send(text),
    close: (code, reason) => socket.close(code, reason),
  };
};

/** A page is not told why a WebSocket did not open, so it asks a page-sized question with the same cookie. */
async function sessionRefused(webSocketUrl: string, session: Session): Promise<boolean> {
  try {
    const url = new URL(PATHS.pushInbox, webSocketUrl.replace(/^ws/, 'http'));
    url.search = new URLSearchParams(userParameter(session)).toString();
    const response = await fetch(url, { signal: AbortSignal.timeout(5000) });
    return response.status === 401;
  } catch {
    return false;
  }
}
