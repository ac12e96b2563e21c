import { firstSlotOf } from './redis.js';

describe('the first slot of a Redis node', () => {
  const other = '3f1c 127.0.0.1:7001@17001 master - 0 1700000000000 2 connected 5461-10922';

  it('is that of the node which answers, if it is a master', () => {
    const own = '07c3 127.0.0.1:7000@17000 myself,master - 0 0 1 connected 10923-16383 [93-<-3f1c]';
    expect(firstSlotOf(`${other}\n${own}\n`)).toBe(10_923);
  });

  it('is not there for a replica', () => {
    expect(firstSlotOf(`${other}\n07c3 127.0.0.1:7000@17000 myself,slave 3f1c 0 0 2 connected\n`)).toBeUndefined();
  });
});
