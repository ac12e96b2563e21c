import type { Api } from '@parley/client';
import { onSubmit, part } from './dom.js';
import type { Bulletin } from './bulletin.js';
import { refusalText } from './texts.js';

/** Name and password, for a new account or an old one. */
export class Login {
  readonly #screen = part('login-screen', HTMLElement);
  readonly #form = part('login-form', HTMLFormElement);
  readonly #username = part('username', HTMLInputElement);
  readonly #password = part('password', HTMLInputElement);
  #isEntering = false;

  constructor(
    private readonly api: Api,
    private readonly bulletin: Bulletin,
    /** Resolves when nothing is under way that takes a session's cookie away. */
    private readonly whenFree: () => Promise<unknown>,
    private readonly onLogin: (username: string) => void,
  ) {
    onSubmit(this.#form, (pressed) => {
      if (!this.#isEntering) this.bulletin.attempt(() => this.#enterOnce(pressed === 'register'));
    });
  }

  show(username = ''): void {
    this.#screen.hidden = false;
    this.#password.value = '';
    if (username !== '') this.#username.value = username;
    (this.#username.value === '' ? this.#username : this.#password).focus();
  }

  hide(): void {
    this.#screen.hidden = true;
    this.#password.value = '';
  }

  /** An answer may take seconds while a server is replaced. Who presses again meanwhile still wants in once. */
  async #enterOnce(isNew: boolean): Promise<void> {
    this.#isEntering = true;
    try {
      await this.#enter(isNew);
    } finally {
      this.#isEntering = false;
    }
  }

  async #enter(isNew: boolean): Promise<void> {
    const [username, password] = [this.#username.value.trim(), this.#password.value];
    await this.whenFree();
    if (isNew) {
      const registered = await this.api.register(username, password);
      if (!registered.ok) return this.bulletin.trouble(refusalText(registered));
    }
    const answer = await this.api.login(username, password);
    if (!answer.ok) return this.bulletin.trouble(refusalText(answer));
    this.onLogin(username);
  }
}
