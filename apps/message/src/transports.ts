/** Which consumer reads a topic: each has a group of its own, so that neither waits for the other. */
export const RELAY = Symbol('relay');
export const REQUESTS = Symbol('requests');
