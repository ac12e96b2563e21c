import { type CanActivate, type ExecutionContext, HttpException, Injectable } from '@nestjs/common';
import { AllowedOrigins } from '@parley/session';
import type { Request } from 'express';

/** What browsers say of a request that a page of ours, or the user by hand, has begun. */
const OWN = new Set(['same-origin', 'none']);

/**
 * Turns away what other pages let a browser send, cookie and all. `SameSite=Lax` keeps the cookie from strangers, but not
 * from pages of sibling hosts or other ports. To plain HTTP, browsers say which page asks and not whether it is ours.
 * Programs that are no browsers say neither.
 */
@Injectable()
export class OwnPagesGuard implements CanActivate {
  constructor(private readonly origins: AllowedOrigins) {}

  canActivate(context: ExecutionContext): boolean {
    const { headers } = context.switchToHttp().getRequest<Request>();
    const site = headers['sec-fetch-site'];
    if (site === undefined ? this.origins.allows(headers) : OWN.has(String(site))) return true;
    throw new HttpException('', 403);
  }
}
