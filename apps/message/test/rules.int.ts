import fc from 'fast-check';
import { Limits } from '../src/user/limits.js';
import { type Person, Workbench } from './workbench.js';

/** Small, so that everybody runs into them all the time. */
const LIMIT = { contacts: 2, members: 3 };
const RUNS = { numRuns: 25, endOnFailure: true };

let bench: Workbench;
beforeAll(async () => {
  bench = await Workbench.open(new Limits(LIMIT.contacts, LIMIT.members));
});
afterAll(() => bench.close());

/** Steps that run side by side, one such group after the other. */
const groupsOf = <T>(step: fc.Arbitrary<T>): fc.Arbitrary<T[][]> =>
  fc.array(fc.array(step, { minLength: 1, maxLength: 8 }), { minLength: 1, maxLength: 5 });

const at = <T>(items: readonly T[], index: number): T => {
  const item = items[index % items.length];
  if (item === undefined) throw new Error('nothing to choose from');
  return item;
};

const ids = (people: readonly Person[]) => people.map(({ id }) => id);

describe('contacts, whatever people ask of each other at once', () => {
  const step = fc.record({
    asker: fc.nat({ max: 3 }),
    other: fc.nat({ max: 3 }),
    type: fc.constantFrom('INVITE_REQUEST', 'ACCEPT_REQUEST', 'REJECT_REQUEST', 'DISCONNECT_REQUEST'),
  });

  const ask = async (
    people: readonly Person[],
    { asker, other, type }: typeof step extends fc.Arbitrary<infer T> ? T : never,
  ) => {
    const partner = at(people, other);
    const frame = await bench.ask(
      at(people, asker),
      type === 'INVITE_REQUEST' ? { type, userInviteCode: partner.code } : { type, username: partner.name },
    );
    expect(frame).toBeDefined();
  };

  it('are counted right, within the limit, never below none, and the same seen from both sides', async () => {
    await fc.assert(
      fc.asyncProperty(groupsOf(step), async (groups) => {
        const people = await bench.people(4);
        for (const group of groups) {
          await Promise.all(group.map((each) => ask(people, each)));
          const rows: { a: number; b: number; status: string }[] = await bench.users.source.query(
            `SELECT partner_a_user_id AS a, partner_b_user_id AS b, status FROM user_connection
             WHERE partner_a_user_id IN (?) OR partner_b_user_id IN (?)`,
            [ids(people), ids(people)],
          );
          expect(rows.every(({ a, b }) => a < b)).toBe(true);
          for (const person of people) {
            const accepted = rows.filter(
              ({ a, b, status }) => status === 'ACCEPTED' && (a === person.id || b === person.id),
            );
            expect(await bench.contactCount(person)).toBe(accepted.length);
            expect(accepted.length).toBeLessThanOrEqual(LIMIT.contacts);
            for (const name of await bench.listed(person, 'ACCEPTED')) {
              const partner = people.find((other) => other.name === name);
              expect(partner && (await bench.listed(partner, 'ACCEPTED'))).toContain(person.name);
            }
          }
        }
      }),
      RUNS,
    );
  }, 120_000);
});

describe('channels, whatever people do to them at once', () => {
  const step = fc.oneof(
    {
      weight: 4,
      arbitrary: fc.record({ type: fc.constant('join' as const), who: fc.nat({ max: 5 }), room: fc.nat({ max: 1 }) }),
    },
    {
      weight: 3,
      arbitrary: fc.record({ type: fc.constant('quit' as const), who: fc.nat({ max: 5 }), room: fc.nat({ max: 1 }) }),
    },
    {
      weight: 1,
      arbitrary: fc.record({ type: fc.constant('create' as const), who: fc.nat({ max: 1 }), room: fc.constant(0) }),
    },
  );

  it('have as many members as they say, and never more than the limit', async () => {
    await fc.assert(
      fc.asyncProperty(groupsOf(step), async (groups) => {
        const people = await bench.people(6);
        const [ann, bob] = [at(people, 0), at(people, 1)];
        await bench.befriend(ann, bob);
        const create = async (creator: Person) => {
          const { membersChanged } = await bench.run(creator, {
            type: 'CREATE_REQUEST',
            title: 'room',
            participantUsernames: [creator === ann ? bob.name : ann.name],
          });
          if (membersChanged === undefined) throw new Error('not created');
          return membersChanged.channelId;
        };
        const rooms = [await create(ann), await create(bob)];
        const codes = await bench.channels.load(rooms);
        for (const group of groups) {
          await Promise.all(
            group.map(async ({ type, who, room }) => {
              const [person, id] = [at(people, who), at(rooms, room)];
              if (type === 'create') rooms.push(await create(person));
              else if (type === 'quit') await bench.channels.quit(`${id}-${person.id}-${Math.random()}`, person.id, id);
              else {
                const frame = await bench.ask(person, {
                  type: 'JOIN_REQUEST',
                  inviteCode: codes.get(id)?.inviteCode ?? '',
                });
                expect(['NOTIFY_JOIN', 'Already joined.', 'Over limit.']).toContain(
                  frame?.type === 'ERROR' ? frame.message : frame?.type,
                );
              }
            }),
          );
          for (const [, { headCount, members }] of await bench.channels.load(rooms)) {
            expect(headCount).toBe(members.size);
            expect(headCount).toBeLessThanOrEqual(LIMIT.members);
          }
        }
      }),
      RUNS,
    );
  }, 120_000);
});
