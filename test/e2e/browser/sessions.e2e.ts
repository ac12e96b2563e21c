import { PATHS, SESSION_COOKIE } from '@parley/protocol';
import { newPerson, PASSWORD, runningSystem, uniqueName } from '@parley/testing';
import type { WebSocketRoute } from 'playwright-core';
import { meet, Visitor } from './visitor.js';

const system = await runningSystem();

describe('somebody who logs in and out', () => {
  it('is told in words when a login is refused', async () => {
    await using ann = await Visitor.come();
    await ann.page.getByLabel('Name').fill(uniqueName('ghost'));
    await ann.page.getByLabel('Password').fill('not the password');
    await ann.page.getByRole('button', { name: 'Log in' }).click();
    await ann.page.getByText('Name or password is wrong.').waitFor();
  }, 60_000);

  it('is let in once, however often they press while the answer takes its time', async () => {
    await using ann = await Visitor.come();
    await ann.signUp();
    await ann.logOut();
    const { page } = ann;
    const answered = Promise.withResolvers<void>();
    let logins = 0;
    await page.route(`**${PATHS.login}*`, async (route) => {
      logins += 1;
      await answered.promise;
      await route.continue();
    });
    await page.getByLabel('Name').fill(ann.name);
    await page.getByLabel('Password').fill(PASSWORD);
    const logIn = page.getByRole('button', { name: 'Log in' });
    await logIn.click();
    await logIn.click();
    answered.resolve();
    await page.locator('#me', { hasText: ann.name }).waitFor();
    expect(logins).toBe(1);
  }, 60_000);

  it('stays, and is told so, when a logout fails, until one succeeds', async () => {
    await using ann = await Visitor.come();
    await ann.signUp();
    const { page } = ann;
    const logOut = page.getByRole('button', { name: 'Log out' });
    await page.route(`**${PATHS.logout}*`, (route) =>
      route.fulfill({ status: 503, body: 'Logout failed.', headers: { 'Retry-After': '0' } }),
    );
    await logOut.click();
    await page.locator('#bulletin', { hasText: 'The server is busy' }).waitFor();
    await page.reload();
    await page.locator('#me', { hasText: ann.name }).waitFor();
    await page.unroute(`**${PATHS.logout}*`);
    await logOut.click();
    await page.getByRole('button', { name: 'Log in' }).waitFor();
    await page.reload();
    await page.getByRole('button', { name: 'Log in' }).waitFor();
    expect(await page.locator('#me').isVisible()).toBe(false);
  }, 60_000);

  it('is not told of the end of a session that they end themselves, whatever is known of it first', async () => {
    await using ann = await Visitor.come();
    await ann.signUp();
    const answered = Promise.withResolvers<void>();
    await ann.page.route(`**${PATHS.logout}*`, async (route) => {
      const response = await route.fetch();
      await answered.promise;
      await route.fulfill({ response });
    });
    // The socket is closed before the answer is known.
    await ann.logOut();
    expect(await ann.page.locator('#bulletin').isVisible()).toBe(false);
    // A login waits for the answer, which takes the cookie away.
    const again = ann.logIn(ann.name);
    answered.resolve();
    await again;
    await ann.page.reload();
    await ann.page.locator('#me', { hasText: ann.name }).waitFor();
  }, 60_000);
});

describe('two people with one browser', () => {
  it('talk when each is at an address of their own', async () => {
    await using ann = await Visitor.come();
    await using bob = await Visitor.come(system.server.replace('127.0.0.1', 'localhost'), ann.context);
    await meet(ann, bob);
    await ann.page.getByText('New channel').click();
    await ann.page.getByLabel('Title').fill('kitchen table');
    await ann.page.locator('#participants').getByText(bob.name).click();
    await ann.page.getByRole('button', { name: 'Create', exact: true }).click();
    await bob.openChannel('kitchen table');
    await ann.say('pass the salt');
    await bob.screenEndingWith('pass the salt');
    await bob.say('here');
    expect(await ann.screenEndingWith('here')).toEqual([`${ann.name}: pass the salt`, `${bob.name}: here`]);
    for (const visitor of [ann, bob]) expect(visitor.complaints).toEqual([]);
  }, 120_000);

  it('are not mixed up at one address: a login there ends the page of the other, and says so', async () => {
    await using ann = await Visitor.come();
    await using bob = await Visitor.come(system.server, ann.context);
    await ann.signUp();
    await bob.signUp();
    await ann.page.locator('#bulletin', { hasText: `${bob.name} has logged in in another tab` }).waitFor();
    await ann.page.locator('#login-screen').waitFor();
    expect(await ann.page.locator('#chat-screen').isVisible()).toBe(false);
    expect(await bob.page.locator('#chat-screen').isVisible()).toBe(true);
  }, 60_000);

  it('are not mixed up when a page of another port has changed the cookie: no socket opens for somebody else', async () => {
    await using ann = await Visitor.come();
    const sockets: WebSocketRoute[] = [];
    await ann.page.routeWebSocket(`**${PATHS.webSocket}*`, (socket) => {
      sockets.push(socket);
      socket.connectToServer();
    });
    await ann.page.reload();
    await ann.signUp();
    const bob = await newPerson(system.server, 'bob');
    await ann.context.addCookies([{ name: SESSION_COOKIE, value: bob.session, url: system.server }]);
    await sockets[0]?.close({ code: 4000 });
    await ann.page.locator('#bulletin', { hasText: 'Your session has ended' }).waitFor();
    await ann.page.locator('#login-screen').waitFor();
    // Nor is it taken over from the start.
    await ann.page.reload();
    await ann.page.locator('#login-screen').waitFor();
    expect(await ann.page.locator('#chat-screen').isVisible()).toBe(false);
  }, 60_000);
});
