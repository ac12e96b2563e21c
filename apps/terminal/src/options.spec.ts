import { readOptions } from './options.js';

describe('options', () => {
  it('look for Consul on this machine by default', () => {
    const consul = ['http://localhost:18500', 'http://localhost:18501', 'http://localhost:18502'];
    expect(readOptions([])).toEqual({ consul, server: undefined, plain: false, help: false });
  });

  it('take several Consul servers, with or without scheme', () => {
    expect(readOptions(['--consul', 'a:1, https://b:2']).consul).toEqual(['http://a:1', 'https://b:2']);
  });

  it('take one server', () =>
    expect(readOptions(['--server', 'chat.example:8080']).server).toBe('http://chat.example:8080'));

  it.each([
    [['--server', 'http://'], '--server'],
    [['--port', '1'], '--port'],
    [['extra'], 'extra'],
  ])('say what is wrong with %j', (args, text) => expect(() => readOptions(args)).toThrow(text));
});
