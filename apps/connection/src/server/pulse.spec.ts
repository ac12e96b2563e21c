import { createLogger } from '@parley/platform';
import type { ClientSocket } from '../socket/client-socket.js';
import { OpenSockets } from '../socket/open-sockets.js';
import { Pulse } from './pulse.js';

function setUp() {
  const closed: string[] = [];
  const sockets = new OpenSockets();
  for (const id of ['a', 'b']) {
    const socket: Partial<ClientSocket> = { id, close: (reason) => void closed.push(`${id} ${reason}`) };
    sockets.add(socket as ClientSocket);
  }
  const pulse = new Pulse(sockets, createLogger({ service: 'connection', instance: '1', level: 'silent' }));
  return { pulse, closed, start: performance.now() };
}

describe('the pulse of a connection server', () => {
  it('is steady while its timer runs about in time', () => {
    const { pulse, closed, start } = setUp();
    for (const at of [1_000, 2_500, 9_000, 18_000]) expect(pulse.isSteady(start + at)).toBe(true);
    expect(closed).toEqual([]);
  });

  it('has stopped when it was silent for longer than clients wait: all of them are sent elsewhere, once', () => {
    const { pulse, closed, start } = setUp();
    expect(pulse.isSteady(start + 1_000)).toBe(true);
    expect(pulse.isSteady(start + 20_000)).toBe(false);
    expect(closed).toEqual(['a goingAway', 'b goingAway']);
    expect(pulse.isSteady(start + 20_001)).toBe(true);
  });
});
