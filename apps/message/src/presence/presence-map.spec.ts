import { type ConnectionPresence, PRESENCE } from '@parley/contracts';
import { channelId, seq, type Seq, userId } from '@parley/protocol';
import { PresenceMap } from './presence-map.js';

const [ann, bob] = [userId(1), userId(2)];
const room = channelId(7);
const viewer = { userId: ann, server: 's1', connection: 'a' };
const server = (name: string) => ({ server: name, boot: 'b1' });
const snapshot = (
  name: string,
  connections: { connection: string; userId: typeof ann; channelId?: typeof room }[],
  seen = 0,
  part = { snapshot: 1, index: 0, last: true },
) => ({
  kind: 'SNAPSHOT' as const,
  ...server(name),
  part,
  connections,
  cursors: [[room, seq(seen)] as [typeof room, ReturnType<typeof seq>]],
});
const delta = (
  name: string,
  changed: { connection: string; userId: typeof ann; channelId?: typeof room; since?: Seq }[],
  closed: string[] = [],
) => ({ kind: 'DELTA' as const, ...server(name), changed, closed });

describe('PresenceMap', () => {
  it('knows every server that holds a socket of a user', () => {
    const map = new PresenceMap();
    map.apply(delta('s1', [{ connection: 'a', userId: ann }]), 0);
    map.apply(delta('s2', [{ connection: 'b', userId: ann }]), 0);
    expect(map.serversOf(ann)).toEqual(['s1', 's2']);
    map.apply(delta('s1', [], ['a']), 0);
    expect(map.serversOf(ann)).toEqual(['s2']);
    expect(map.serversOf(bob)).toEqual([]);
  });

  it('tells where the sockets of a user are and what they show', () => {
    const map = new PresenceMap();
    map.apply(snapshot('s1', [{ connection: 'a', userId: ann, channelId: room }]), 0);
    map.apply(delta('s2', [{ connection: 'b', userId: ann }]), 0);
    expect(map.socketsOf(ann)).toEqual([
      { connection: 'a', server: 's1', channelId: room },
      { connection: 'b', server: 's2', channelId: null },
    ]);
    expect(map.socketsOf(bob)).toEqual([]);
  });

  it('is not confused by the end of a socket that it never heard of', () => {
    const map = new PresenceMap();
    map.apply(delta('s1', [{ connection: 'a', userId: ann }], ['unknown']), 0);
    map.leave(room, 'unknown', 0);
    expect([map.serversOf(ann), map.serverNames()]).toEqual([['s1'], ['s1']]);
  });

  it('counts a user with two sockets in a channel until the last one leaves', () => {
    const map = new PresenceMap();
    map.apply(
      snapshot('s1', [
        { connection: 'a', userId: ann, channelId: room },
        { connection: 'b', userId: ann, channelId: room },
      ]),
      0,
    );
    map.leave(room, 'a', 0);
    expect(map.viewers(room).users.has(ann)).toBe(true);
    map.apply(delta('s1', [{ connection: 'b', userId: ann }]), 0);
    expect(map.viewers(room).users.has(ann)).toBe(false);
    expect(map.viewers(room).servers.size).toBe(0);
  });

  it('believes its own entering over an announcement that is older, until the next snapshot is due', () => {
    const map = new PresenceMap();
    map.apply(delta('s1', [{ connection: 'a', userId: ann }]), 0);
    map.enter(room, seq(3), { ...viewer, request: 'r1' }, 100);
    map.apply(snapshot('s1', [{ connection: 'a', userId: ann }]), 101);
    expect(map.viewers(room).users.has(ann)).toBe(true);
    map.apply(snapshot('s1', [{ connection: 'a', userId: ann }]), 101 + PRESENCE.snapshotMs);
    expect(map.viewers(room).users.has(ann)).toBe(false);
  });

  it('leaves a socket in the channel that it asked for last when its enters are seen in another order', () => {
    const map = new PresenceMap();
    const [first, last] = [channelId(8), channelId(9)];
    map.enter(last, seq(0), { ...viewer, request: 's1-b1-10' }, 1);
    map.enter(first, seq(0), { ...viewer, request: 's1-b1-z' }, 2);
    expect([...map.viewers(last).users.keys()]).toEqual([ann]);
    map.leave(first, 'a', 0);
    expect([...map.viewers(last).users.keys()]).toEqual([ann]);
    expect(map.viewers(first).users.size).toBe(0);
  });

  it('finds a socket where it says it is when an enter counts that its server does not go by', () => {
    const map = new PresenceMap();
    const [first, last] = [channelId(8), channelId(9)];
    map.apply(delta('s1', [{ connection: 'a', userId: ann, channelId: room }]), 0);
    map.enter(last, seq(0), { ...viewer, request: 'r1' }, 1);
    map.enter(first, seq(0), { ...viewer, request: 'r2' }, 2);
    map.apply(delta('s1', [{ connection: 'a', userId: ann, channelId: last }]), 3);
    map.leave(first, 'a', 0);
    expect([...map.viewers(last).servers.keys()]).toEqual(['s1']);
    expect(map.viewers(first).users.size).toBe(0);
  });

  it('does not put a socket back into a channel that it has left', () => {
    const map = new PresenceMap();
    map.apply(delta('s1', [{ connection: 'a', userId: ann, channelId: room }]), 0);
    map.enter(channelId(8), seq(0), { ...viewer, request: 'r1' }, 1);
    map.leave(room, 'a', 0);
    map.leave(channelId(8), 'a', 0);
    expect(map.viewers(room).users.size).toBe(0);
  });

  describe('after a leave', () => {
    const shown = { connection: 'a', userId: ann, channelId: room, since: seq(3) };
    const isViewer = (map: PresenceMap, channel = room) => map.viewers(channel).users.has(ann);
    /** A socket that has left the room at 100, of which its server does not know yet. */
    const left = () => {
      const map = new PresenceMap();
      map.apply(delta('s1', [shown]), 0);
      map.leave(room, 'a', 100);
      return map;
    };

    it('does not believe an announcement that is older, until the next snapshot is due', () => {
      const map = left();
      map.apply(snapshot('s1', [shown]), 101);
      map.apply(delta('s1', [shown]), 99 + PRESENCE.snapshotMs);
      expect([isViewer(map), map.serversOf(ann)]).toEqual([false, ['s1']]);
      map.apply(snapshot('s1', [shown]), 100 + PRESENCE.snapshotMs);
      expect(isViewer(map)).toBe(true);
    });

    it('counts a socket again at once that enters again, and goes on believing what it says', () => {
      const map = left();
      map.apply(snapshot('s1', [shown]), 101);
      map.enter(room, seq(3), { ...viewer, request: 'r2' }, 102);
      expect(isViewer(map)).toBe(true);
      map.apply(delta('s1', [{ connection: 'a', userId: ann }]), 103);
      map.apply(delta('s1', [shown]), 104);
      map.leave(channelId(8), 'a', 105);
      expect(isViewer(map)).toBe(true);
    });

    it('believes a socket that it is back by an enter that another one has overtaken', () => {
      const map = new PresenceMap();
      const other = channelId(8);
      map.enter(other, seq(0), { ...viewer, request: 'r2' }, 0);
      map.leave(room, 'a', 1);
      map.enter(room, seq(0), { ...viewer, request: 'r1' }, 2);
      map.apply(delta('s1', [shown]), PRESENCE.snapshotMs);
      expect([isViewer(map), isViewer(map, other)]).toEqual([true, false]);
    });

    it('does not put a socket back that has gone on to another channel, nor when it leaves that too', () => {
      const map = left();
      const other = channelId(8);
      map.enter(other, seq(0), { ...viewer, request: 'r2' }, 101);
      map.apply(delta('s1', [shown]), 102);
      expect([isViewer(map), isViewer(map, other)]).toEqual([false, true]);
      map.leave(other, 'a', 103);
      for (const channel of [room, other]) {
        map.apply(delta('s1', [{ ...shown, channelId: channel }]), 104);
        expect([isViewer(map), isViewer(map, other)]).toEqual([false, false]);
      }
    });

    it('that its server tells of, does not believe what the server announced before either', () => {
      const map = new PresenceMap();
      map.apply(delta('s1', [shown]), 0);
      map.leftAlready(room, 'a', 100);
      map.apply(snapshot('s1', [shown]), 101);
      expect(isViewer(map)).toBe(false);
    });

    it('that its server tells of before it knows of the next enter, believes it that the socket is in', () => {
      const map = new PresenceMap();
      map.apply(delta('s1', [shown]), 0);
      map.enter(room, seq(3), { ...viewer, request: 'r3' }, 100);
      map.leftAlready(room, 'a', 101);
      expect(isViewer(map)).toBe(false);
      map.apply(delta('s1', [shown]), 102);
      expect(isViewer(map)).toBe(true);
    });

    it('believes at once that the socket is in another channel', () => {
      const map = left();
      map.apply(delta('s1', [{ ...shown, channelId: channelId(8) }]), 101);
      expect(isViewer(map, channelId(8))).toBe(true);
    });
  });

  it('gives up a silent server and says which viewers saw how much', () => {
    const map = new PresenceMap();
    map.apply(snapshot('s1', [{ connection: 'a', userId: ann, channelId: room }], 4), 0);
    map.apply(snapshot('s2', [{ connection: 'b', userId: bob, channelId: room }], 5), 4_000);
    expect(map.expire(PRESENCE.deadAfterMs)).toEqual([]);
    expect(map.expire(PRESENCE.deadAfterMs + 1)).toEqual([{ ...viewer, channelId: room, seen: 4 }]);
    expect(['s1', 's2', 'never heard of'].map((name) => map.stateOf(name))).toEqual(['silent', 'alive', 'alive']);
    expect([...map.viewers(room).users.keys()]).toEqual([bob]);
    map.apply(delta('s1', []), 6_000);
    expect(map.stateOf('s1')).toBe('alive');
  });

  it('knows since when a socket shows its channel, until the server says how far it has come', () => {
    const map = new PresenceMap();
    map.apply(delta('s1', [{ connection: 'a', userId: ann }]), 0);
    map.apply(delta('s1', [{ connection: 'a', userId: ann, channelId: room, since: seq(3) }]), 1);
    map.apply(snapshot('s2', [{ connection: 'b', userId: bob, channelId: room }], 6), 1);
    expect(map.expire(PRESENCE.deadAfterMs + 2)).toEqual([
      { ...viewer, channelId: room, seen: 3 },
      { userId: bob, server: 's2', connection: 'b', channelId: room, seen: 6 },
    ]);
  });

  it('starts anew when a server has started anew', () => {
    const map = new PresenceMap();
    map.apply(snapshot('s1', [{ connection: 'a', userId: ann, channelId: room }], 4), 0);
    const lost = map.apply({ kind: 'DELTA', server: 's1', boot: 'b2', changed: [], closed: [] }, 1);
    expect(lost).toEqual([{ ...viewer, channelId: room, seen: 4 }]);
    expect(map.serversOf(ann)).toEqual([]);
    expect(map.stateOf('s1')).toBe('alive');
  });

  it('ignores the farewell of an earlier life', () => {
    const map = new PresenceMap();
    map.apply(delta('s1', [{ connection: 'a', userId: ann }]), 0);
    map.apply({ kind: 'GONE', server: 's1', boot: 'b0' }, 1);
    expect(map.serversOf(ann)).toEqual(['s1']);
    map.apply({ kind: 'GONE', ...server('s1') }, 2);
    expect(map.serversOf(ann)).toEqual([]);
    expect(map.stateOf('s1')).toBe('stopped');
  });

  describe('takes a snapshot in parts', () => {
    const parts = (snapshotNumber: number, ...sockets: string[]): ConnectionPresence[] =>
      sockets.map((connection, index) =>
        snapshot('s1', [{ connection, userId: userId(Number(connection)) }], 0, {
          snapshot: snapshotNumber,
          index,
          last: index === sockets.length - 1,
        }),
      );
    const online = (map: PresenceMap) =>
      [1, 2, 3, 4, 5].filter((person) => map.serversOf(userId(person)).length > 0).join('');
    const take = (map: PresenceMap, records: readonly ConnectionPresence[]) => {
      for (const record of records) map.apply(record, 0);
      return online(map);
    };

    it('and lets nobody go before the last one', () => {
      const map = new PresenceMap();
      expect(take(map, parts(1, '1', '2', '3'))).toBe('123');
      expect(take(map, parts(2, '2', '4', '5').slice(0, 2))).toBe('1234');
      expect(map.knowsAllOf('s1')).toBe(true);
      expect(take(map, parts(2, '2', '4', '5').slice(2))).toBe('245');
    });

    it('and believes what is told in between', () => {
      const map = new PresenceMap();
      take(map, parts(1, '1', '2'));
      const between = delta('s1', [{ connection: '3', userId: userId(3) }], ['1']);
      expect(take(map, parts(2, '1', '2').toSpliced(1, 0, between))).toBe('23');
    });

    it.each([
      ['whose beginning it has not seen', (map: PresenceMap) => take(map, parts(2, '1', '4', '5').slice(1))],
      ['of which one is missing', (map: PresenceMap) => take(map, parts(2, '1', '4', '5').toSpliced(1, 1))],
      [
        'that is continued by another',
        (map: PresenceMap) => take(map, [...parts(2, '1', '4', '5').slice(0, 1), ...parts(3, '1', '4', '5').slice(1)]),
      ],
    ])('and lets nobody go by one %s', (_, takeBroken) => {
      const map = new PresenceMap();
      expect(take(map, parts(1, '2', '3'))).toBe('23');
      expect(takeBroken(map)).toContain('23');
      expect(take(map, parts(4, '2', '3'))).toBe('23');
    });

    it('and knows all of a server when one has come whole', () => {
      const map = new PresenceMap();
      take(map, parts(1, '1', '2', '3').slice(1));
      expect(map.knowsAllOf('s1')).toBe(false);
      take(map, parts(2, '1', '2', '3'));
      expect([map.knowsAllOf('s1'), map.knowsAllOf('s2')]).toEqual([true, false]);
    });

    it('and replaces where the channels stand at the end', () => {
      const map = new PresenceMap();
      map.apply(snapshot('s1', [], 4), 0);
      map.apply(snapshot('s1', [], 9, { snapshot: 2, index: 0, last: false }), 0);
      expect([...map.cursors()]).toEqual([{ server: 's1', channelId: room, seq: 4 }]);
      map.apply({ ...snapshot('s1', [], 9, { snapshot: 2, index: 1, last: true }), cursors: [] }, 0);
      expect([...map.cursors()]).toEqual([{ server: 's1', channelId: room, seq: 9 }]);
    });
  });
});
