import { randomUUID } from 'node:crypto';
import type { Route } from '@parley/persistence';
import { createLogger, Metrics } from '@parley/platform';
import { DatabasePairs, eventually } from '@parley/testing';
import fc from 'fast-check';
import { EventLog } from '../src/events.js';
import { MessageMetrics } from '../src/message.metrics.js';
import { PresenceMap } from '../src/presence/presence-map.js';
import { Limits } from '../src/user/limits.js';
import { FlakyDatabase } from './flaky-database.js';
import { type Person, Workbench } from './workbench.js';

const [SOURCE, REPLICA] = ['database-users', 'database-users-replica'];

let pairs: DatabasePairs;
/** In Jest, the error of a refused connection is no instance of `Error`: this one loses connections instead. */
let way: FlakyDatabase;
let bench: Workbench;
beforeAll(async () => {
  pairs = await DatabasePairs.start('lists');
  way = await FlakyDatabase.open({ host: '127.0.0.1', port: pairs.server(SOURCE).port });
  bench = await Workbench.open(new Limits(), way.address, pairs.env);
}, 120_000);
beforeEach(async () => {
  way.mend();
  await pairs.mend();
  await copiedLists(await eventually(() => bench.person(), 20_000));
}, 60_000);
afterAll(async () => {
  await pairs.mend();
  await bench.close();
  await way.close();
  await pairs.wipe();
}, 60_000);

const readsOf = (route: Route): number => [...bench.users.reads[route].values()].reduce((sum, count) => sum + count, 0);

/** What is read, and who has answered, the replica's answers first. */
async function routed<T>(read: () => Promise<T>): Promise<{ answer: T; routes: Route[] }> {
  const all: readonly Route[] = ['replica', 'source'];
  const before = all.map(readsOf);
  const answer = await read();
  const routes = all.flatMap((route, index) => Array<Route>(readsOf(route) - (before[index] ?? 0)).fill(route));
  return { answer, routes };
}

/** What somebody sees of contacts and channels. */
const lists = async (person: Person) => ({
  contacts: await bench.listed(person, 'ACCEPTED'),
  headCounts: await bench.headCounts(person),
});

const FROM_REPLICA: readonly Route[] = ['replica', 'replica'];

/** The same from the replica, as soon as that answers. */
const copiedLists = (person: Person) =>
  eventually(async () => {
    const { answer, routes } = await routed(() => lists(person));
    expect(routes).toEqual(FROM_REPLICA);
    return answer;
  }, 20_000);

/** The names of what is under way, in the order in which it ends. */
async function endings(underWay: Readonly<Record<string, Promise<unknown>>>): Promise<string[]> {
  const ended: string[] = [];
  const note = async ([name, work]: [string, Promise<unknown>]): Promise<void> => {
    await work.catch(() => undefined);
    ended.push(name);
  };
  await Promise.all(Object.entries(underWay).map(note));
  return ended;
}

/** Makes another contact, and a room with that one. */
async function meet(person: Person): Promise<void> {
  const other = await bench.person();
  await bench.befriend(person, other);
  await bench.ask(person, { type: 'CREATE_REQUEST', title: 'room', participantUsernames: [other.name] });
}

describe('0.48: lists from a replica that keeps up', () => {
  it('come from rows, not from statements that are carried out once more', async () => {
    const [logged] = await bench.users.source.query<object[]>('SELECT @@log_bin AS isOn, @@binlog_format AS format');
    expect(logged).toEqual({ isOn: 1, format: 'ROW' });
  });

  const steps = fc.array(
    fc.constantFrom('INVITE_REQUEST', 'ACCEPT_REQUEST', 'DISCONNECT_REQUEST', 'CREATE_REQUEST', 'QUIT'),
    { minLength: 1, maxLength: 12 },
  );

  it('have what was written just before, whatever that was', async () => {
    const answered = readsOf('replica') + 100;
    do {
      await fc.assert(
        fc.asyncProperty(steps, async (sequence) => {
          const ann = await bench.person();
          const [waiting, contacts, rooms]: [Person[], Person[], number[]] = [[], [], []];
          for (const step of sequence) {
            if (step === 'INVITE_REQUEST') {
              const guest = await bench.person();
              await bench.ask(guest, { type: step, userInviteCode: ann.code });
              waiting.push(guest);
            } else if (step === 'ACCEPT_REQUEST') {
              const guest = waiting.shift();
              if (guest === undefined) continue;
              await bench.ask(ann, { type: step, username: guest.name });
              contacts.push(guest);
            } else if (step === 'DISCONNECT_REQUEST') {
              const gone = contacts.shift();
              if (gone === undefined) continue;
              await bench.ask(ann, { type: step, username: gone.name });
            } else if (step === 'CREATE_REQUEST') {
              const participantUsernames = contacts.map(({ name }) => name);
              const made = await bench.ask(ann, { type: step, title: 'room', participantUsernames });
              if (made?.type === 'CREATE_RESPONSE') rooms.push(participantUsernames.length + 1);
            } else {
              const [room] = await bench.channels.list(ann.id);
              if (room === undefined) continue;
              await bench.channels.quit(randomUUID(), ann.id, room.channelId);
              rooms.shift();
            }
            const names = (people: readonly Person[]) => people.map(({ name }) => name).toSorted();
            expect(await lists(ann)).toEqual({ contacts: names(contacts), headCounts: rooms });
            expect(await bench.listed(ann, 'PENDING')).toEqual(names(waiting));
          }
        }),
        { numRuns: 5, endOnFailure: true },
      );
    } while (readsOf('replica') < answered);
  }, 120_000);

  it('and so are an invite code and names that nobody has asked for', async () => {
    await eventually(async () => {
      const ann = await bench.person();
      const { answer, routes } = await routed(async () => [
        await bench.ask(ann, { type: 'FETCH_USER_INVITECODE_REQUEST' }),
        await bench.directory.names([ann.id]),
      ]);
      expect(answer).toEqual([
        { type: 'FETCH_USER_INVITECODE_RESPONSE', inviteCode: ann.code },
        new Map([[ann.id, ann.name]]),
      ]);
      expect(routes).toEqual(FROM_REPLICA);
    });
  });

  it('are counted with the server that has answered', async () => {
    const log = createLogger({ service: 'message', instance: 'test', level: 'silent' });
    const metrics = new Metrics('message');
    const producer = { stats: () => ({ requests: 2, records: 7, queued: 0 }) };
    const events = new EventLog(log);
    new MessageMetrics(metrics, events, bench.users, bench.shards, new PresenceMap(), producer, { inserts: 3 });
    await bench.listed(await bench.person(), 'ACCEPTED');
    const count = bench.users.reads.replica.get('contacts');
    expect(await metrics.metrics()).toContain(
      `message_reads_total{what="contacts",route="replica",service="message"} ${count}\n`,
    );
  });
});

describe('a replica', () => {
  it.each<[string, () => Promise<void>]>([
    ['whose replication has stopped', () => pairs.stopReplication(REPLICA)],
    ['that is killed', () => pairs.server(REPLICA).kill()],
    ['that has fallen silent', () => pairs.server(REPLICA).pause()],
  ])(
    '%s is not asked: lists come from the source and are right',
    async (_, fail) => {
      const ann = await bench.person();
      await fail();
      await meet(ann);
      expect(await routed(() => lists(ann))).toEqual({
        answer: { contacts: [expect.any(String)], headCounts: [2] },
        routes: ['source', 'source'],
      });
      await pairs.mend();
      await meet(ann);
      expect(await copiedLists(ann)).toMatchObject({ headCounts: [2, 2] });
    },
    60_000,
  );
});

describe('while the source is away', () => {
  it.each(['kill', 'pause'] as const)(
    'lists come from the replica, and nothing can be changed (%s)',
    async (how) => {
      const ann = await bench.person();
      await meet(ann);
      const before = await copiedLists(ann);
      await pairs.server(SOURCE)[how]();
      expect(await routed(() => lists(ann))).toEqual({ answer: before, routes: FROM_REPLICA });
      const create = { type: 'CREATE_REQUEST' as const, title: 'x', participantUsernames: before.contacts };
      expect(await bench.ask(ann, create)).toMatchObject({ type: 'ERROR' });
    },
    60_000,
  );

  it('nobody waits for a list until the source is known to be silent', async () => {
    const ann = await bench.person();
    await copiedLists(ann);
    await pairs.server(SOURCE).pause();
    const statement = bench.users.source.query('SELECT 1');
    expect(await endings({ statement, list: lists(ann) })).toEqual(['list', 'statement']);
  }, 60_000);

  it('a source that answers others is not taken for silent', async () => {
    const ann = await bench.person();
    await copiedLists(ann);
    const { source } = bench.users;
    way.withhold('AS position', 'withheld');
    const statement = source.query("SELECT 'withheld'");
    const ended = endings({ statement, list: bench.listed(ann, 'ACCEPTED') });
    let isOver = false;
    void ended.then(() => (isOver = true));
    while (!isOver) await source.query('SELECT 1');
    expect(await ended).toEqual(['statement', 'list']);
  }, 60_000);

  it('a replica that had not caught up is not believed', async () => {
    const ann = await bench.person();
    await pairs.stopReplication(REPLICA);
    await meet(ann);
    expect(await lists(ann)).toMatchObject({ headCounts: [2] });
    await pairs.server(SOURCE).kill();
    expect(await bench.ask(ann, { type: 'FETCH_CHANNELS_REQUEST' })).toMatchObject({ type: 'ERROR' });
  }, 60_000);
});
