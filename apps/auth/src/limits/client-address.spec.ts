import { clientAddress, TrustedProxies } from './client-address.js';

const trusted = new TrustedProxies(['127.0.0.1', '10.1.0.0/16', 'fd00::/8']);

describe('the address attempts are counted against', () => {
  it.each([
    ['is the peer when no proxy speaks for it', { address: '192.0.2.7', realIp: undefined }, '192.0.2.7'],
    ['is what a trusted proxy says', { address: '127.0.0.1', realIp: '192.0.2.7' }, '192.0.2.7'],
    ['is what a proxy of a trusted subnet says', { address: '10.1.200.3', realIp: '192.0.2.7' }, '192.0.2.7'],
    ['is what a proxy on both families says', { address: '::ffff:127.0.0.1', realIp: '192.0.2.7' }, '192.0.2.7'],
    ['is the peer when a stranger claims to be somebody', { address: '192.0.2.7', realIp: '192.0.2.8' }, '192.0.2.7'],
    ['is the peer when the proxy says nonsense', { address: '127.0.0.1', realIp: 'a, b' }, '127.0.0.1'],
    ['is the IPv4 form of a mapped address', { address: '::ffff:192.0.2.7', realIp: undefined }, '192.0.2.7'],
    ['is the network of an IPv6 client', { address: '2001:db8:0:7:a:b:c:d', realIp: undefined }, '2001:db8:0:7::/64'],
    ['is the same network however it is written', { address: '2001:0DB8::7', realIp: undefined }, '2001:db8:0:0::/64'],
    [
      'is the network of a client that begins with zeros',
      { address: '::7:0:0:0:1', realIp: undefined },
      '0:0:0:7::/64',
    ],
    [
      'is IPv4 also where a mapped address comes through a proxy',
      { address: '127.0.0.1', realIp: '::FFFF:192.0.2.7' },
      '192.0.2.7',
    ],
    ['is empty when the peer is gone', { address: undefined, realIp: '192.0.2.7' }, ''],
  ])('%s', (_name, peer, expected) => expect(clientAddress(peer, trusted)).toBe(expected));
});

describe('the list of trusted proxies', () => {
  it.each(['localhost', '10.0.0.0/33', '10.0.0.0/x', '10.0.0.0/8/8', 'fd00::/129', ''])('refuses %p', (entry) =>
    expect(() => new TrustedProxies([entry])).toThrow('neither an IP address nor a subnet'),
  );
});
