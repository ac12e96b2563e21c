import { Controller, Header, HttpCode, Post, Req, Res, UseGuards } from '@nestjs/common';
import { AUTH_TEXT, PATHS, RegisterRequest } from '@parley/protocol';
import { type ActiveSession, CurrentSession } from '@parley/session';
import type { Request, Response } from 'express';
import { AccountService, type Holder } from '../account/account.service.js';
import { TrustedProxies } from '../limits/client-address.js';
import { LoginGuard, LogoutGuard, UnregisterGuard } from './guards.js';
import { claimsJson, jsonBody } from './json-body.js';
import { LoggedIn } from './logged-in.js';
import { OwnPagesGuard } from './own-pages.guard.js';
import { addressOf } from './peer.js';
import { PLAIN_TEXT } from './plain-text.filter.js';
import { InvalidRequest, refusal } from './refusals.js';
import { CookieSettings, expireCookie, startCookie } from './session-cookie.js';

@Controller()
@UseGuards(OwnPagesGuard)
export class AuthController {
  constructor(
    private readonly accounts: AccountService,
    private readonly proxies: TrustedProxies,
    private readonly cookies: CookieSettings,
  ) {}

  @Post(PATHS.register)
  @HttpCode(200)
  @Header('Content-Type', PLAIN_TEXT)
  async register(@Req() request: Request): Promise<string> {
    if (!claimsJson(request)) throw new InvalidRequest(AUTH_TEXT.notAnObject);
    const account = jsonBody(RegisterRequest, request);
    const registered = await this.accounts.register(account, addressOf(request, this.proxies));
    if (!registered.ok) throw refusal(registered.error);
    return AUTH_TEXT.registered;
  }

  @Post(PATHS.login)
  @HttpCode(200)
  @Header('Content-Type', PLAIN_TEXT)
  @UseGuards(LoginGuard)
  async login(@LoggedIn() holder: Holder, @Res({ passthrough: true }) response: Response): Promise<string> {
    const session = await this.accounts.startSession(holder);
    if (!session.ok) throw refusal(session.error);
    response.setHeader('Set-Cookie', startCookie(session.value, this.cookies));
    return session.value;
  }

  @Post(PATHS.logout)
  @HttpCode(200)
  @Header('Content-Type', PLAIN_TEXT)
  @UseGuards(LogoutGuard)
  async logout(
    @CurrentSession() active: ActiveSession,
    @Res({ passthrough: true }) response: Response,
  ): Promise<string> {
    await this.accounts.logout(active);
    response.setHeader('Set-Cookie', expireCookie(this.cookies));
    return AUTH_TEXT.loggedOut;
  }

  @Post(PATHS.unregister)
  @HttpCode(200)
  @Header('Content-Type', PLAIN_TEXT)
  @UseGuards(UnregisterGuard)
  async unregister(
    @CurrentSession() active: ActiveSession,
    @Res({ passthrough: true }) response: Response,
  ): Promise<string> {
    await this.accounts.unregister(active.holder);
    response.setHeader('Set-Cookie', expireCookie(this.cookies));
    return AUTH_TEXT.unregistered;
  }
}
