import { UnauthorizedException } from '@nestjs/common';
import { SessionGuard } from './session.guard.js';

describe('the guard of routes that need a session', () => {
  const guard = new SessionGuard();

  it('lets a live session through', () => {
    expect(guard.handleRequest(null, { hash: 'h' })).toEqual({ hash: 'h' });
  });

  it.each([[false as const], [null], [undefined]])('refuses a request whose session is %s', (active) => {
    expect(() => guard.handleRequest(null, active)).toThrow(UnauthorizedException);
  });

  it('does not take a store that cannot be asked for a missing session', () => {
    const away = new Error('Redis is away');
    expect(() => guard.handleRequest(away, false)).toThrow(away);
    expect(() => guard.handleRequest('odd', false)).toThrow('the session could not be looked up');
  });
});
