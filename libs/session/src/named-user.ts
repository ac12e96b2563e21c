import { sameUser, USER_PARAMETER } from '@parley/protocol';

/** Whether a request may be taken for one of this user: it names them, or nobody. */
export function isForUser(url = '', username: string): boolean {
  const named = new URLSearchParams(url.split('?', 2)[1]).get(USER_PARAMETER);
  return named === null || sameUser(named, username);
}
