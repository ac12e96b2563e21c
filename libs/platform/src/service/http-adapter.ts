import { createServer, type IncomingMessage, type RequestListener, type Server } from 'node:http';
import { ExpressAdapter } from '@nestjs/platform-express';

/**
 * Longer than a load balancer keeps an idle connection, so that it is never this side that closes one while a request
 * is on its way.
 */
const KEEP_ALIVE_MS = 75_000;

/**
 * An HTTP server on which only WebSocket handshakes are upgrades. Some clients offer `Upgrade: h2c` on plain requests;
 * such an offer may be ignored, but Node would hand the request to the upgrade listener and leave it unanswered.
 */
export function createHttpServer(listener?: RequestListener): Server {
  return createServer({ shouldUpgradeCallback: isWebSocketHandshake, keepAliveTimeout: KEEP_ALIVE_MS }, listener);
}

const isWebSocketHandshake = ({ headers }: IncomingMessage): boolean =>
  (headers.upgrade ?? '').split(',').some((protocol) => protocol.trim().toLowerCase() === 'websocket');

/** Express on our own HTTP server. */
export class ServiceHttpAdapter extends ExpressAdapter {
  override initHttpServer(): void {
    this.httpServer = createHttpServer(this.getInstance<RequestListener>());
    this.disable('x-powered-by');
  }
}
