import { pushNotification, type PushNotification } from '@parley/contracts';
import { DependencyUnavailable, type InboundRecord, UnreadableRecords } from '@parley/kafka';
import { userId } from '@parley/protocol';
import type { InboxService } from './inbox.service.js';
import { NotificationConsumer } from './notification.consumer.js';

const push: PushNotification = {
  id: 'p',
  request: 'r',
  userIds: [userId(1)],
  frame: { type: 'ASK_INVITE', username: 'bob' },
};
const inbound = (value: string): InboundRecord => ({
  topic: pushNotification.name,
  partition: 0,
  offset: 1n,
  key: null,
  value: Buffer.from(value),
  headers: {},
  timestamp: 0,
});

function consumerWith(failure?: Error) {
  const received: PushNotification[] = [];
  const inbox = {
    receive: async (notifications: readonly PushNotification[]) => {
      if (failure !== undefined) throw failure;
      received.push(...notifications);
    },
  } as unknown as InboxService;
  return { consumer: new NotificationConsumer(inbox), received };
}

describe('the consumer of pushes', () => {
  it('hands all of a batch to the inbox', async () => {
    const { consumer, received } = consumerWith();
    await consumer.receive([inbound(pushNotification.encode(push))]);
    expect(received).toEqual([push]);
  });

  it('has no effect before it has read all of a batch', async () => {
    const { consumer, received } = consumerWith();
    const batch = [inbound(pushNotification.encode(push)), inbound('no JSON'), inbound('{"id":1}')];
    await expect(consumer.receive(batch)).rejects.toBeInstanceOf(UnreadableRecords);
    expect(received).toEqual([]);
  });

  it.each(['ECONNREFUSED', 'ER_LOCK_DEADLOCK'])('waits for a database that says %s', async (code) => {
    const { consumer } = consumerWith(Object.assign(new Error(code), { code }));
    await expect(consumer.receive([inbound(pushNotification.encode(push))])).rejects.toBeInstanceOf(
      DependencyUnavailable,
    );
  });

  it('does not wait for what will never work', async () => {
    const { consumer } = consumerWith(new Error('wrong statement'));
    await expect(consumer.receive([])).rejects.toThrow('wrong statement');
  });
});
