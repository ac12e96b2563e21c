import { UncertainRequests } from './uncertain-requests.js';

const identity = (request: string) => ({ request, once: -1 });

describe('requests of unknown outcome', () => {
  it('gives a repeated frame the identity of the first', () => {
    const uncertain = new UncertainRequests(2);
    uncertain.remember('frame', identity('r1'));
    expect(uncertain.identityOf('frame')).toEqual(identity('r1'));
    expect(uncertain.identityOf('another')).toBeUndefined();
  });

  it('treats the frame as new once it was answered', () => {
    const uncertain = new UncertainRequests(2);
    uncertain.remember('frame', identity('r1'));
    uncertain.answered('r2');
    expect(uncertain.identityOf('frame')).toEqual(identity('r1'));
    uncertain.answered('r1');
    expect(uncertain.identityOf('frame')).toBeUndefined();
  });

  it('forgets the oldest when there are too many', () => {
    const uncertain = new UncertainRequests(2);
    uncertain.remember('a', identity('1'));
    uncertain.remember('b', identity('2'));
    uncertain.remember('a', identity('1'));
    uncertain.remember('c', identity('3'));
    expect(['a', 'b', 'c'].map((text) => uncertain.identityOf(text)?.request)).toEqual(['1', undefined, '3']);
  });
});
