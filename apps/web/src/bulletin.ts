import { part } from './dom.js';
import { failureText } from './texts.js';

const NEWS_MS = 6_000;

/** The line under the title: troubles stay until the next action, news go by themselves. */
export class Bulletin {
  readonly #line = part('bulletin', HTMLParagraphElement);
  #timer: ReturnType<typeof setTimeout> | undefined;

  trouble(text: string): void {
    this.#show(text, 'trouble');
  }

  news(text: string): void {
    this.#show(text, 'news');
    this.#timer = setTimeout(() => this.clear(), NEWS_MS);
  }

  clear(): void {
    clearTimeout(this.#timer);
    this.#line.hidden = true;
    this.#line.textContent = '';
  }

  /** Runs what somebody asked for and tells when it fails. */
  attempt(action: () => Promise<unknown>): void {
    this.clear();
    action().catch((error: unknown) => this.trouble(failureText(error)));
  }

  #show(text: string, kind: 'trouble' | 'news'): void {
    clearTimeout(this.#timer);
    this.#line.dataset['kind'] = kind;
    this.#line.hidden = false;
    this.#line.textContent = text;
  }
}
