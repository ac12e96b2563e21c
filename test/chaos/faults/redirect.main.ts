import { Socket } from 'node:net';

// Loaded into a service before its own code: connections to some ports go to the relays of the chaos run in their
// place. CHAOS_REDIRECT says which, as `from=to,...`.
const redirected = new Map(
  (process.env['CHAOS_REDIRECT'] ?? '').split(',').map((pair) => {
    const [from, to] = pair.split('=');
    return [Number(from), Number(to)] as const;
  }),
);

const isTarget = (value: unknown): value is { port: unknown } =>
  typeof value === 'object' && value !== null && 'port' in value;

const connect = Reflect.get(Socket.prototype, 'connect');
Reflect.set(Socket.prototype, 'connect', function connectElsewhere(this: Socket, ...given: unknown[]) {
  const [first] = given;
  // net.connect hands over what it was given as a list; libraries call with an object or a port.
  const target: unknown = Array.isArray(first) ? first[0] : first;
  if (isTarget(target)) target.port = redirected.get(Number(target.port)) ?? target.port;
  return Reflect.apply(connect, this, given);
});
