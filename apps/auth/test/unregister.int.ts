import { sessionHash } from '@parley/contracts';
import { AccountEntity, UnregisteredAccountEntity } from '@parley/persistence';
import { PATHS, userId } from '@parley/protocol';
import { eventually } from '@parley/testing';
import { Announcements, AuthServer, freshName } from './auth-server.js';

let auth: AuthServer;
let announcements: Announcements;
beforeAll(async () => {
  auth = await AuthServer.start();
  announcements = await Announcements.open(auth.log);
}, 30_000);
afterAll(async () => {
  await announcements[Symbol.asyncDispose]();
  await auth[Symbol.asyncDispose]();
});

const accountOf = (username: string) => auth.database.source.getRepository(AccountEntity).findOneBy({ username });

describe('unregistering', () => {
  it('removes the account and tells the message service', async () => {
    const { name, cookie } = await auth.newcomer();
    const account = await accountOf(name);
    const answer = await auth.ask(PATHS.unregister, { cookie });
    expect(answer).toMatchObject({ status: 200, text: 'User unregistered.' });
    expect(answer.headers.get('set-cookie')).toMatch(/Max-Age=0/);
    expect(await accountOf(name)).toBeNull();
    await eventually(() =>
      expect(announcements.requests).toContainEqual({
        kind: 'USER_UNREGISTERED',
        userId: account?.userId,
        username: name,
      }),
    );
    expect(await auth.login(name)).toMatchObject({ status: 401 });
  });

  it('ends every session of the account, with its sockets', async () => {
    const { name, cookie } = await auth.newcomer();
    const { text: other } = await auth.login(name);
    await auth.ask(PATHS.unregister, { cookie });
    expect(await auth.sessions.find(cookie)).toBeUndefined();
    expect(await auth.sessions.find(other)).toBeUndefined();
    await eventually(() => {
      const ended = announcements.control.map((record) => record.kind === 'SESSION_ENDED' && record.session);
      expect(ended).toEqual(expect.arrayContaining([sessionHash(cookie), sessionHash(other)]));
    });
  });

  it('frees the name, and the next owner is somebody else', async () => {
    const { name, cookie } = await auth.newcomer();
    const before = await accountOf(name);
    await auth.ask(PATHS.unregister, { cookie });
    expect(await auth.register(name)).toMatchObject({ status: 200 });
    const after = await accountOf(name);
    expect(after?.userId).toBeGreaterThan(before?.userId ?? Infinity);
    expect(after?.inviteCode).not.toBe(before?.inviteCode);
  });

  it('answers 403 without text, cookie or session to a stranger', async () => {
    const answer = await auth.ask(PATHS.unregister);
    expect(answer).toMatchObject({ status: 403, text: '' });
    expect(answer.headers.get('set-cookie')).toBeNull();
  });

  it('repeats the news until the message service has done its part', async () => {
    const gone = { userId: userId(2 ** 40 + Date.now()), username: freshName() };
    const outbox = auth.database.source.getRepository(UnregisteredAccountEntity);
    await outbox.insert({ ...gone, createdAt: new Date(Date.now() - 60_000) });
    await eventually(() => expect(announcements.requests).toContainEqual({ kind: 'USER_UNREGISTERED', ...gone }));
    await outbox.delete({ userId: gone.userId });
  }, 20_000);
});
