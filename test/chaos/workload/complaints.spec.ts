import { ERROR_TEXT, alreadyInvitedTo } from '@parley/protocol';
import type { Entry } from '../history/entries.js';
import type { Untimed } from '../history/history.js';
import { complaints } from './complaints.js';

const by = { device: 'ann/1', user: 'ann' };
const error = (text: string): Untimed => ({ kind: 'error', ...by, about: 'X', text });
const link = (state: string): Untimed => ({ kind: 'link', ...by, state });
const rest = (outcome: 'done' | 'refused' | 'failed', text: string): Untimed => ({
  kind: 'rest',
  ...by,
  about: 'login',
  session: 1,
  outcome,
  text,
});

describe('what people were told', () => {
  it.each<[string, Untimed, string[]]>([
    ['has errors', error('Write message failed.'), ['Write message failed.']],
    ['has no answers to what people did themselves', error(ERROR_TEXT.notJoined), []],
    ['has no answers to what was done before', error(alreadyInvitedTo('bob')), []],
    ['has silence', { kind: 'silence', ...by, about: 'JOIN_REQUEST' }, ['no answer to JOIN_REQUEST']],
    ['has lost connections', link('lost connection: 1006'), ['lost connection: 1006']],
    ['has no connections that the load cut itself', link('cut'), []],
    ['has sessions that ended', link('logged out: Session ended.'), ['logged out: Session ended.']],
    ['has REST calls that failed', rest('failed', 'no answer'), ['login: no answer']],
    ['has no REST calls that went well', rest('done', ''), []],
  ])('%s', (_name, entry, told) => {
    expect(complaints([{ ...entry, t: 5 }], 0, 10).map(({ text }) => text)).toEqual(told);
  });

  it('counts what was told in that time', () => {
    const log = [1, 2, 3, 4].map((t): Entry => ({ ...error('Enter failed.'), t }) as Entry);
    expect(complaints(log, 2, 3)).toEqual([{ text: 'Enter failed.', count: 2 }]);
  });
});
