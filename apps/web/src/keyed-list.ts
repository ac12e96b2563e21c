import { make } from './dom.js';

export interface KeyedListOptions<T> {
  readonly list: HTMLElement;
  readonly keyOf: (item: T) => string;
  readonly create: (item: T) => HTMLElement;
  /** Stands where there are no items. */
  readonly hint?: string;
}

/** A list on the page. An item that stays keeps its element, and with it the focus, a tick, a press that has begun. */
export class KeyedList<T> {
  #elements = new Map<string, HTMLElement>();

  constructor(private readonly options: KeyedListOptions<T>) {}

  show(items: readonly T[]): void {
    const { list, keyOf, create, hint } = this.options;
    const elementOf = (item: T): HTMLElement => this.#elements.get(keyOf(item)) ?? create(item);
    this.#elements = new Map(items.map((item) => [keyOf(item), elementOf(item)]));
    const hints = items.length === 0 && hint !== undefined ? [make('li', { className: 'hint' }, hint)] : [];
    const shown: readonly Element[] = [...this.#elements.values(), ...hints];
    for (const child of [...list.children].filter((each) => !shown.includes(each))) child.remove();
    // Not a single element is moved that need not be: to move it is to remove it for a moment.
    for (const [at, element] of shown.entries()) {
      if (list.children[at] !== element) list.insertBefore(element, list.children[at] ?? null);
    }
  }

  clear(): void {
    this.#elements.clear();
    this.options.list.replaceChildren();
  }
}
