import { SESSION_COOKIE } from '@parley/protocol';

/** How the session cookie is set: `secure` keeps browsers from sending it over plain HTTP. */
export class CookieSettings {
  constructor(readonly secure: boolean) {}
}

/** A `Set-Cookie` value; the session's base64 goes out as it is, because clients compare it with the login's body. */
export const startCookie = (value: string, settings: CookieSettings): string => cookie(value, settings);

export const expireCookie = (settings: CookieSettings): string =>
  `${cookie('', settings)}; Max-Age=0; Expires=Thu, 01 Jan 1970 00:00:00 GMT`;

function cookie(value: string, { secure }: CookieSettings): string {
  return `${SESSION_COOKIE}=${value}; Path=/; HttpOnly; SameSite=Lax${secure ? '; Secure' : ''}`;
}
