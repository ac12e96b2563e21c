import type { Request } from 'express';
import { clientAddress, type TrustedProxies } from '../limits/client-address.js';

/** Whom the attempts of a request are counted against. */
export function addressOf(request: Request, trusted: TrustedProxies): string {
  return clientAddress({ address: request.socket.remoteAddress, realIp: request.get('x-real-ip') }, trusted);
}
