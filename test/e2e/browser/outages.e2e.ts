import { runningSystem } from '@parley/testing';
import { meet, Visitor, withHandOnSocket } from './visitor.js';

const system = await runningSystem();

/** Runs in the page before its own scripts: no WebSocket opens while the browser has this cookie. */
const REFUSED = { name: 'refused', value: 'yes' };
const REFUSE_SOCKETS = `WebSocket = class extends WebSocket {
  constructor(url) { super(document.cookie.includes('${REFUSED.name}=') ? new URL('/nowhere', url) : url) }
}`;

describe('a channel that is left for another', () => {
  it('keeps what was not sent and what was being written, for its writer alone', async () => {
    await using ann = await Visitor.come();
    await using bob = await Visitor.come();
    const { page } = ann;
    const { stopped, refuse } = await withHandOnSocket(page);
    const [line, outgoing] = [page.getByPlaceholder('Message'), page.locator('#outgoing li')];
    await meet(ann, bob);
    await ann.createChannel('cellar', bob.name);
    await ann.createChannel('attic', bob.name);

    stopped.add('WRITE_MESSAGE');
    await ann.say('up here');
    await outgoing.getByText('Sending…').waitFor();
    await line.fill('half a thought');
    await ann.openChannel('cellar');
    expect([await line.inputValue(), await outgoing.count()]).toEqual(['', 0]);
    refuse('WRITE_MESSAGE', 'Not now.');
    await page.locator('#bulletin', { hasText: 'A message to “attic” was not sent.' }).waitFor();

    await ann.openChannel('attic');
    expect(await line.inputValue()).toBe('half a thought');
    await outgoing.getByText('Not sent: Not now.').waitFor();
    stopped.clear();
    await page.getByRole('button', { name: 'Try again' }).click();
    expect(await ann.screenEndingWith('up here')).toEqual([`${ann.name}: up here`]);
    expect(await outgoing.count()).toBe(0);

    await ann.logOut();
    await ann.logIn(bob.name);
    await ann.openChannel('attic');
    expect(await line.inputValue()).toBe('');
  }, 120_000);

  it('offers its older messages when they could not be fetched at first', async () => {
    await using ann = await Visitor.come();
    await using bob = await Visitor.come();
    const { stopped, refuse } = await withHandOnSocket(ann.page);
    await meet(ann, bob);
    await ann.createChannel('attic', bob.name);
    await ann.say('up here');
    await ann.screenEndingWith('up here');
    await ann.createChannel('cellar', bob.name);
    stopped.add('FETCH_MESSAGES_REQUEST');
    await ann.openChannel('attic');
    refuse('FETCH_MESSAGES_REQUEST', 'Not now.');
    await ann.page.locator('#bulletin', { hasText: 'Not now.' }).waitFor();
    stopped.clear();
    await ann.page.getByRole('button', { name: 'Older messages' }).click();
    await ann.screenEndingWith('up here');
  }, 120_000);
});

describe('somebody whose page is loaded while the servers are away', () => {
  it('is told so, and gets a connection when they are back', async () => {
    await using ann = await Visitor.come();
    const { page, context } = ann;
    await ann.signUp();
    await page.addInitScript({ content: REFUSE_SOCKETS });
    await context.addCookies([{ ...REFUSED, url: system.server }]);
    await page.reload();
    await page.locator('#status', { hasText: 'Connecting again in' }).waitFor();
    await page.locator('#me', { hasText: ann.name }).waitFor();
    await context.clearCookies({ name: REFUSED.name });
    await page.locator('#channels', { hasText: 'No channel yet.' }).waitFor();
    expect(await page.locator('#status').textContent()).toBe('');
  }, 60_000);
});
