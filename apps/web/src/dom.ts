/** The element of the page with this id; the page is ours, so a missing one is a mistake in it. */
export function part<T extends HTMLElement>(id: string, type: new () => T): T {
  const found = document.getElementById(id);
  if (!(found instanceof type)) throw new Error(`the page has no ${type.name} "${id}"`);
  return found;
}

/** A new element. Texts become text nodes: nothing people write is ever read as HTML. */
export function make<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  properties: Partial<HTMLElementTagNameMap[K]> = {},
  ...children: (Node | string)[]
): HTMLElementTagNameMap[K] {
  const element = Object.assign(document.createElement(tag), properties);
  element.append(...children);
  return element;
}

export const button = (label: string, onclick: () => void): HTMLButtonElement =>
  make('button', { type: 'button', onclick }, label);

/** A text field of a form, without the spaces around it. */
export function field(form: HTMLFormElement, name: string): string {
  const value = new FormData(form).get(name);
  return typeof value === 'string' ? value.trim() : '';
}

/** Handles a form here instead of loading a page; `pressed` is the value of the button. */
export function onSubmit(form: HTMLFormElement, handle: (pressed: string) => void): void {
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    handle(event.submitter instanceof HTMLButtonElement ? event.submitter.value : '');
  });
}
