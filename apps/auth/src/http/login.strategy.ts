import { Injectable, UnauthorizedException } from '@nestjs/common';
import { PassportStrategy } from '@nestjs/passport';
import { AUTH_TEXT, LoginRequest } from '@parley/protocol';
import type { Request } from 'express';
import { Strategy } from 'passport-custom';
import { AccountService, type Holder } from '../account/account.service.js';
import { TrustedProxies } from '../limits/client-address.js';
import { claimsJson, jsonBody } from './json-body.js';
import { addressOf } from './peer.js';
import { refusal } from './refusals.js';

export const LOGIN_STRATEGY = 'login';

/** Name and password from a JSON body. Anything but JSON is not a login at all. */
@Injectable()
export class LoginStrategy extends PassportStrategy(Strategy, LOGIN_STRATEGY) {
  constructor(
    private readonly accounts: AccountService,
    private readonly proxies: TrustedProxies,
  ) {
    super();
  }

  async validate(request: Request): Promise<Holder> {
    if (!claimsJson(request)) throw new UnauthorizedException(AUTH_TEXT.notAuthenticated);
    const credentials = jsonBody(LoginRequest, request);
    const holder = await this.accounts.authenticate(credentials, addressOf(request, this.proxies));
    if (!holder.ok) throw refusal(holder.error);
    return holder.value;
  }
}
