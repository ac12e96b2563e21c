import { parseScale } from './start.js';
import { statusTable } from './status.js';

describe('--scale', () => {
  it('reads counts of several services', () => {
    expect(parseScale('connection=2,auth=3')).toEqual({ connection: 2, auth: 3 });
  });

  it.each(['chat=2', 'connection', 'connection=', 'connection=0', 'connection=21', 'connection=two', ''])(
    'refuses %p and says what it takes',
    (text) => expect(() => parseScale(text)).toThrow('write service=count'),
  );
});

describe('the status table', () => {
  it('aligns its columns and adds the memory up', () => {
    const table = statusTable([
      { name: 'consul-1', port: 18500, pid: 7, health: 'ready', memoryMiB: 50 },
      { name: 'connection-1', port: 18120, pid: undefined, health: 'crashed', memoryMiB: 0 },
    ]);
    expect(table.split('\n')).toEqual([
      'PROCESS       PORT   PID  HEALTH   MEMORY',
      'consul-1      18500  7    ready    50 MiB',
      'connection-1  18120       crashed',
      '2 processes, 50 MiB',
    ]);
  });
});
