import { type ClientFrameType, decodeClientFrame, PATHS, SESSION_COOKIE } from '@parley/protocol';
import {
  eventually,
  logIn,
  newConnected,
  newPerson,
  PASSWORD,
  post,
  runningSystem,
  uniqueName,
  WireClient,
} from '@parley/testing';
import { type Browser, type BrowserContext, chromium, type Page, type WebSocketRoute } from 'playwright-core';

const system = await runningSystem();

/** The test command names the Chromium that it has found or installed. */
const CHROMIUM = process.env['PARLEY_BROWSER'] ?? '/usr/bin/chromium';
/** A browser that talks to nobody but the page. */
const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** Runs in the page before its own scripts: what its security policy forbids appears as an error. */
const REPORT_VIOLATIONS = `document.addEventListener('securitypolicyviolation', (event) =>
  console.error('content security policy: ' + event.violatedDirective + ' ' + event.blockedURI))`;

/** Runs in the page before its own scripts: no WebSocket opens while the browser has this cookie. */
const REFUSED = { name: 'refused', value: 'yes' };
const REFUSE_SOCKETS = `WebSocket = class extends WebSocket {
  constructor(url) { super(document.cookie.includes('${REFUSED.name}=') ? new URL('/nowhere', url) : url) }
}`;

let browser: Browser;
beforeAll(async () => {
  browser = await chromium.launch({ executablePath: CHROMIUM, args: FLAGS });
}, 60_000);
afterAll(() => browser.close());

/** A person at a browser, and everything the browser complains about. */
class Visitor implements AsyncDisposable {
  readonly name = uniqueName('visitor');
  readonly complaints: string[] = [];

  private constructor(
    readonly context: BrowserContext,
    readonly page: Page,
  ) {
    page.setDefaultTimeout(20_000);
    page.on('console', (message) => {
      if (['error', 'warning'].includes(message.type())) this.complaints.push(message.text());
    });
    page.on('pageerror', (error) => this.complaints.push(String(error)));
    page.on('response', (response) => {
      if (response.status() >= 400) this.complaints.push(`${response.status()} ${response.url()}`);
    });
  }

  /** Without a browser of somebody else to share, it is one of their own. */
  static async come(address = system.server, shared?: BrowserContext): Promise<Visitor> {
    const context = shared ?? (await browser.newContext());
    const page = await context.newPage();
    const visitor = new Visitor(context, page);
    await page.addInitScript({ content: REPORT_VIOLATIONS });
    await page.goto(address);
    return visitor;
  }

  /** A new account, made on the page. */
  signUp(): Promise<void> {
    return this.#comeIn(this.name, 'Create account');
  }

  logIn(name: string): Promise<void> {
    return this.#comeIn(name, 'Log in');
  }

  async logOut(): Promise<void> {
    await this.page.getByRole('button', { name: 'Log out' }).click();
    await this.page.locator('#login-screen').waitFor();
  }

  async #comeIn(name: string, pressed: string): Promise<void> {
    await this.page.getByLabel('Name').fill(name);
    await this.page.getByLabel('Password').fill(PASSWORD);
    await this.page.getByRole('button', { name: pressed }).click();
    await this.page.locator('#me', { hasText: name }).waitFor();
  }

  async ownCode(): Promise<string> {
    await this.page.getByText('Meet somebody').click();
    const field = this.page.getByLabel('Your invite code, for others');
    // Not by a function in the page: only its first try may evaluate anything there, by the page's own policy.
    return eventually(async () => {
      const code = await field.inputValue();
      expect(code).toHaveLength(32);
      return code;
    });
  }

  async invite(code: string): Promise<void> {
    await this.page.getByLabel('Invite code of the other person').fill(code);
    await this.page.getByRole('button', { name: 'Invite', exact: true }).click();
  }

  /** Creates a channel with a contact and opens it. */
  async createChannel(title: string, contact: string): Promise<void> {
    await this.page.getByText('New channel').click();
    await this.page.getByLabel('Title').fill(title);
    await this.page.locator('#participants').getByText(contact).click();
    await this.page.getByRole('button', { name: 'Create', exact: true }).click();
    await this.page.locator('#channel-title', { hasText: title }).waitFor();
  }

  async openChannel(title: string): Promise<void> {
    await this.page.locator('#channels').getByRole('button', { name: title }).click();
    await this.page.locator('#channel-title', { hasText: title }).waitFor();
  }

  async say(text: string): Promise<void> {
    await this.page.getByPlaceholder('Message').fill(text);
    await this.page.keyboard.press('Enter');
  }

  /** Waits until the last message is this one, and tells all that are on the screen. */
  async screenEndingWith(text: string): Promise<string[]> {
    await this.page.locator('#messages li:last-child .text', { hasText: text }).waitFor();
    const authors = await this.page.locator('#messages .author').allTextContents();
    const texts = await this.page.locator('#messages .text').allTextContents();
    return texts.map((said, i) => `${authors[i]}: ${said}`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.context.close();
  }
}

/** Both sign up, and one accepts the other's invitation. Returns the invite code that was used. */
async function meet(ann: Visitor, bob: Visitor): Promise<string> {
  await Promise.all([ann.signUp(), bob.signUp()]);
  const code = await bob.ownCode();
  await ann.page.getByText('Meet somebody').click();
  await ann.invite(code);
  await bob.page.getByText(`${ann.name} invites you`).waitFor();
  await bob.page.getByRole('button', { name: 'Accept' }).click();
  await ann.page.locator('#contacts', { hasText: bob.name }).waitFor();
  await bob.page.locator('#contacts', { hasText: ann.name }).waitFor();
  return code;
}

/** Loads a page anew with a hand on its socket: frames of the stopped types do not reach the server. */
async function withHandOnSocket(page: Page) {
  const stopped = new Set<ClientFrameType>();
  let socket: WebSocketRoute | undefined;
  await page.routeWebSocket(`**${PATHS.webSocket}*`, (opened) => {
    socket = opened;
    const server = opened.connectToServer();
    opened.onMessage((text) => {
      const frame = decodeClientFrame(String(text));
      if (!frame.ok || !stopped.has(frame.value.type)) server.send(text);
    });
  });
  await page.reload();
  const refuse = (messageType: ClientFrameType, message: string): void =>
    socket?.send(JSON.stringify({ type: 'ERROR', messageType, message }));
  return { stopped, refuse };
}

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

  it('are told in words when a login is refused', async () => {
    await using ann = await Visitor.come();
    await ann.page.getByLabel('Name').fill(uniqueName('ghost'));
    await ann.page.getByLabel('Password').fill('not the password');
    await ann.page.getByRole('button', { name: 'Log in' }).click();
    await ann.page.getByText('Name or password is wrong.').waitFor();
  }, 60_000);

  it('stay, and are told so, when a logout fails, until one succeeds', async () => {
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

  it('are not told of the end of a session that they end themselves, whatever is known of it first', async () => {
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
