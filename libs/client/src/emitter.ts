/** Typed listeners; `E` maps an event's name to what its listeners get. */
export class Emitter<E extends object> {
  readonly #listeners = new Map<keyof E, Set<(event: never) => void>>();

  /** Returns the function that removes the listener. */
  on<K extends keyof E>(name: K, listener: (event: E[K]) => void): () => void {
    const listeners = this.#listeners.get(name) ?? new Set();
    this.#listeners.set(name, listeners.add(listener));
    return () => listeners.delete(listener);
  }

  protected emit<K extends keyof E>(name: K, event: E[K]): void {
    for (const listener of this.#listeners.get(name) ?? []) {
      try {
        (listener as (event: E[K]) => void)(event);
      } catch (error) {
        // A listener's mistake is reported as its own and stops neither the others nor the connection.
        queueMicrotask(() => {
          throw error;
        });
      }
    }
  }
}
