/** Linux lends about 28,000 ports to one source address for one destination; some are in use. */
const SOCKETS_PER_ADDRESS = 25_000;

/**
 * Where socket `index` of a run connects from when the sockets are spread over `servers`: undefined, the system's choice,
 * for as long as its ports last, then 127.0.1.1, 127.0.2.1 and so on. Linux answers on all of 127.0.0.0/8.
 */
export function sourceAddress(index: number, servers: number): string | undefined {
  const address = Math.floor(index / (SOCKETS_PER_ADDRESS * Math.max(1, servers)));
  return address === 0 ? undefined : `127.0.${address}.1`;
}
