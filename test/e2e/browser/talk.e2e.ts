import { PATHS } from '@parley/protocol';
import { logIn, newConnected, newPerson, post, runningSystem, WireClient } from '@parley/testing';
import { meet, Visitor } from './visitor.js';

const system = await runningSystem();

describe('two people with a browser each', () => {
  it('meet on the page, talk, and find their talk again, without one complaint of the browser', async () => {
    await using ann = await Visitor.come();
    await using bob = await Visitor.come();
    await meet(ann, bob);

    await ann.createChannel('reading circle', bob.name);
    await bob.openChannel('reading circle');

    await ann.say('hello, bob');
    await bob.screenEndingWith('hello, bob');
    await bob.say('안녕 👋');
    await ann.screenEndingWith('안녕 👋');
    // Nobody's words are ever read as markup.
    const markup = '<img src="/nowhere.png" onerror="document.title=1"><script>alert(1)</script>';
    await ann.say(markup);
    const talk = [`${ann.name}: hello, bob`, `${bob.name}: 안녕 👋`, `${ann.name}: ${markup}`];
    for (const visitor of [ann, bob]) expect(await visitor.screenEndingWith(markup)).toEqual(talk);

    // Who joins and who goes is seen at once, by whoever looks at the channel.
    await ann.page.getByRole('button', { name: 'Invite code' }).click();
    const bulletin = await ann.page.locator('#bulletin', { hasText: 'Invite code' }).textContent();
    await using cat = await Visitor.come();
    await cat.signUp();
    await cat.page.getByText('Join a channel').click();
    await cat.page.getByLabel('Invite code of the channel').fill(bulletin?.split(' ').at(-1) ?? '');
    await cat.page.getByRole('button', { name: 'Join', exact: true }).click();
    for (const { page } of [ann, bob]) {
      await page.locator('#messages .change', { hasText: `${cat.name} joined` }).waitFor();
      await page.locator('#channels', { hasText: '3 people' }).waitFor();
    }
    cat.page.on('dialog', (dialog) => void dialog.accept());
    await cat.page.getByRole('button', { name: 'Quit' }).click();
    for (const { page } of [ann, bob]) {
      await page.locator('#messages .change', { hasText: `${cat.name} left` }).waitFor();
      await page.locator('#channels', { hasText: '2 people' }).waitFor();
    }

    // The browser keeps the session: after a reload everything is still there.
    await bob.page.reload();
    await bob.page.locator('#me', { hasText: bob.name }).waitFor();
    await bob.openChannel('reading circle');
    expect(await bob.screenEndingWith(markup)).toEqual(talk);
    await bob.say('back again');
    expect(await ann.screenEndingWith('back again')).toEqual([...talk, `${bob.name}: back again`]);

    await bob.logOut();
    expect(await bob.page.locator('#chat-screen').isVisible()).toBe(false);
    for (const visitor of [ann, bob, cat]) expect(visitor.complaints).toEqual([]);
  }, 120_000);

  it('see at once what becomes of their contact and their invitations', async () => {
    await using ann = await Visitor.come();
    await using bob = await Visitor.come();
    const code = await meet(ann, bob);

    // The page cannot end a contact, but other clients can.
    await using device = await WireClient.connect(system.server, await logIn(system.server, bob.name));
    await device.ask({ type: 'DISCONNECT_REQUEST', username: ann.name }, 'DISCONNECT_RESPONSE');
    await Promise.all([
      ann.page.locator('#bulletin', { hasText: `You and ${bob.name} are no longer connected.` }).waitFor(),
      bob.page.locator('#bulletin', { hasText: `You and ${ann.name} are no longer connected.` }).waitFor(),
    ]);
    for (const { page } of [ann, bob]) await page.locator('#contacts', { hasText: 'No contact yet.' }).waitFor();

    await ann.invite(code);
    await bob.page.getByRole('button', { name: 'Reject' }).click();
    await ann.page.locator('#bulletin', { hasText: `between you and ${bob.name} is no longer open.` }).waitFor();
    await bob.page.getByText(`${ann.name} invites you`).waitFor({ state: 'detached' });

    const cat = await newPerson(system.server, 'cat');
    await using wire = await WireClient.connect(system.server, cat.session);
    await wire.ask({ type: 'INVITE_REQUEST', userInviteCode: code }, 'INVITE_RESPONSE');
    await bob.page.getByText(`${cat.name} invites you`).waitFor();
    await post(system.server, PATHS.unregister, undefined, cat.session);
    await bob.page.locator('#bulletin', { hasText: `between you and ${cat.name} is no longer open.` }).waitFor();
    await bob.page.getByText(`${cat.name} invites you`).waitFor({ state: 'detached' });
    for (const visitor of [ann, bob]) expect(visitor.complaints).toEqual([]);
  }, 120_000);

  it('keep what is ticked and in focus when news comes', async () => {
    await using ann = await Visitor.come();
    await using bob = await Visitor.come();
    await meet(ann, bob);
    const code = await ann.ownCode();
    await ann.createChannel('reading circle', bob.name);
    await ann.page.getByText('New channel').click();
    const choice = ann.page.getByRole('checkbox', { name: bob.name });
    await choice.check();
    await choice.focus();
    const cat = await newConnected(system.server, 'cat');
    await using wire = cat.wire;
    await wire.ask({ type: 'INVITE_REQUEST', userInviteCode: code }, 'INVITE_RESPONSE');
    await ann.page.getByText(`${cat.name} invites you`).waitFor();
    expect(await choice.isChecked()).toBe(true);
    await ann.page.locator('#participants input:focus').waitFor();
    const entry = ann.page.locator('#channels').getByRole('button', { name: 'reading circle' });
    await entry.focus();
    await bob.createChannel('cooking circle', ann.name);
    await ann.page.locator('#channels', { hasText: 'cooking circle' }).waitFor();
    await ann.page.locator('#channels button:focus', { hasText: 'reading circle' }).waitFor();

    const title = ann.page.getByLabel('Title');
    await title.fill('for my eyes only');
    await ann.logOut();
    await ann.logIn(bob.name);
    expect(await title.inputValue()).toBe('');
  }, 120_000);
});
