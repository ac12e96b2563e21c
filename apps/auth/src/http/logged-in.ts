import { createParamDecorator } from '@nestjs/common';
import type { Holder } from '../account/account.service.js';

/** Whose name and password `LoginGuard` has found to be right. */
export const LoggedIn = createParamDecorator((_, context): Holder => {
  const { user } = context.switchToHttp().getRequest<{ user?: Holder }>();
  if (user === undefined) throw new Error('LoggedIn needs LoginGuard on its route');
  return user;
});
