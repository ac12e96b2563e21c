import { globSync } from 'node:fs';
import { readOptions } from './options.js';

const read = (line: string) => readOptions(line.split(' ').filter((word) => word !== ''));

describe('the options', () => {
  it('have a user for every seat unless told otherwise', () => {
    expect(read('--channels 7 --members 3')).toMatchObject({ users: 21, window: 1, rate: undefined, via: 'consul' });
    expect(read('--channels 7 --members 3 --users 100')).toMatchObject({ users: 100 });
  });

  it('take addresses in lists', () => {
    expect(read('--server http://a:1,b:2')?.servers).toEqual(['http://a:1', 'b:2']);
  });

  it.each([
    ['--rate 5 --window 2', 'not both'],
    ['--users many', '--users: "many"'],
    ['--users 1.5', 'whole number'],
    ['--seconds 0', '--seconds'],
    ['--bytes 10', '--bytes'],
    ['--via tram', '--via'],
    ['--members 3 --senders 4', '--senders'],
    ['--unknown', "'--unknown'"],
  ])('are refused: %s', (line, message) => expect(() => read(line)).toThrow(message));

  it.each(globSync('apps/load/scenarios/*.txt'))('can be read from %s, and those beside it count instead', (file) => {
    expect(read(`--scenario ${file}`)).toMatchObject({ seed: 1, bytes: 200 });
    expect(read(`--scenario ${file} --seed 7`)).toMatchObject({ seed: 7, bytes: 200 });
  });

  it('name a scenario that is not there', () => {
    expect(() => read('--scenario nowhere.txt')).toThrow('nowhere.txt');
  });

  it('ask for help', () => expect(read('--help')).toBeUndefined());
});
