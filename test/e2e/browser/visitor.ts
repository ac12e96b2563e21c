import { type ClientFrameType, decodeClientFrame, PATHS } from '@parley/protocol';
import { eventually, PASSWORD, runningSystem, uniqueName } from '@parley/testing';
import { type Browser, type BrowserContext, chromium, type Page, type WebSocketRoute } from 'playwright-core';

const { server } = await runningSystem();

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

// Each test file that imports this gets a browser of its own.
let browser: Browser;
beforeAll(async () => {
  browser = await chromium.launch({ executablePath: CHROMIUM, args: FLAGS });
}, 60_000);
afterAll(() => browser.close());

/** A person at a browser, and everything the browser complains about. */
export class Visitor implements AsyncDisposable {
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
  static async come(address = server, shared?: BrowserContext): Promise<Visitor> {
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
export async function meet(ann: Visitor, bob: Visitor): Promise<string> {
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
export async function withHandOnSocket(page: Page) {
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
