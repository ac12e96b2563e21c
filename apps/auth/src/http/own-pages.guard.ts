import { type CanActivate, type ExecutionContext, HttpException, Injectable } from '@nestjs/common';
import type { Request } from 'express';

/** What browsers say of a request that a page of ours, or the user by hand, has begun. */
const OWN = new Set(['same-origin', 'none']);

/**
 * Turns away what other pages let a browser send, cookie and all. `SameSite=Lax` keeps the cookie from strangers, but not
 * from pages of sibling hosts. Programs that are no browsers do not send the header.
 */
@Injectable()
export class OwnPagesGuard implements CanActivate {
  canActivate(context: ExecutionContext): boolean {
    const site = context.switchToHttp().getRequest<Request>().get('sec-fetch-site');
    if (site === undefined || OWN.has(site)) return true;
    throw new HttpException('', 403);
  }
}
