import { USER_PARAMETER } from '@parley/protocol';
import type { Session } from './session.js';

/** Names the user where the browser adds the cookie: no session of somebody else is to be taken for this one. */
export const userParameter = ({ username, cookie }: Session): Record<string, string> =>
  cookie === undefined ? { [USER_PARAMETER]: username } : {};
