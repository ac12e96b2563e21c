import { BlockList, isIP } from 'node:net';

/** Proxies whose word about the client's address is taken; every entry is an address or a subnet (`10.0.0.0/8`). */
export class TrustedProxies {
  private readonly known = new BlockList();

  /** @throws Error naming the entry that is neither address nor subnet. */
  constructor(entries: readonly string[]) {
    for (const entry of entries) {
      const [address = '', prefix] = entry.split('/');
      const family = familyOf(address);
      if (family === undefined || !isAddressOrSubnet(entry)) {
        throw new Error(`${entry} is neither an IP address nor a subnet`);
      }
      if (prefix === undefined) this.known.addAddress(address, family);
      else this.known.addSubnet(address, Number(prefix), family);
    }
  }

  includes(address: string): boolean {
    const family = familyOf(address);
    return family !== undefined && this.known.check(address, family);
  }
}

export function isAddressOrSubnet(entry: string): boolean {
  const [address = '', prefix, ...rest] = entry.split('/');
  const family = familyOf(address);
  if (family === undefined || rest.length > 0) return false;
  return prefix === undefined || (/^\d{1,3}$/.test(prefix) && Number(prefix) <= (family === 'ipv4' ? 32 : 128));
}

/** The other end of a connection and what it says on whose behalf it asks. */
export interface Peer {
  readonly address: string | undefined;
  readonly realIp: string | undefined;
}

/**
 * Whom attempts are counted against. An IPv6 client owns a whole /64 network and can change its address at will, so
 * the network counts.
 */
export function clientAddress(peer: Peer, trusted: TrustedProxies): string {
  const own = plain(peer.address ?? '');
  const address = peer.realIp !== undefined && isIP(peer.realIp) !== 0 && trusted.includes(own) ? peer.realIp : own;
  return isIP(address) === 6 ? networkOf(address) : plain(address);
}

function familyOf(address: string): 'ipv4' | 'ipv6' | undefined {
  const version = isIP(address);
  if (version === 0) return undefined;
  return version === 4 ? 'ipv4' : 'ipv6';
}

/** A socket that listens on both families shows an IPv4 client as `::ffff:1.2.3.4`. */
function plain(address: string): string {
  return address.toLowerCase().replace(/^::ffff:(?=\d+\.)/, '');
}

function networkOf(address: string): string {
  const mapped = plain(address);
  if (isIP(mapped) === 4) return mapped;
  const [head = '', tail] = mapped.split('::');
  const front = head === '' ? [] : head.split(':');
  const back = tail === undefined || tail === '' ? [] : tail.split(':');
  const zeros = Array<string>(Math.max(0, 8 - front.length - back.length)).fill('0');
  const groups = tail === undefined ? front : [...front, ...zeros, ...back];
  return `${groups
    .slice(0, 4)
    .map((group) => group.replace(/^0+(?=.)/, ''))
    .join(':')}::/64`;
}
