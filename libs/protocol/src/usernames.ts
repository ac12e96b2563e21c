/**
 * Query parameter by which a web page names its user on every request and socket of a session: the browser adds the
 * cookie, and by then it may be somebody else's.
 */
export const USER_PARAMETER = 'user';

const collator = new Intl.Collator('und', { sensitivity: 'base' });

/** User names are unique without regard to case and accents. */
export const sameUser = (a: string, b: string): boolean => collator.compare(a, b) === 0;
