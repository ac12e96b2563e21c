import { connectionNotification, NOTIFICATION_TOPIC_PREFIX } from './connection-notification.js';
import { DEAD_LETTER_TOPIC, topicLayout } from './layout.js';

describe('the topics', () => {
  it('that must exist before any service starts have these names and partitions', () => {
    expect(topicLayout.map(({ name, partitions }) => [name, partitions])).toEqual([
      ['message-request', 'configured'],
      ['message-relay', 'configured'],
      ['push-notification', 'configured'],
      ['connection-presence', 1],
      ['connection-control', 1],
      [DEAD_LETTER_TOPIC, 1],
    ]);
  });

  it('of announcements keep them for an hour, dead letters for 30 days, requests as the brokers say', () => {
    const hours = Object.fromEntries(topicLayout.map(({ name, retentionHours }) => [name, retentionHours]));
    expect(hours).toEqual({
      'message-request': undefined,
      'message-relay': undefined,
      'push-notification': undefined,
      'connection-presence': 1,
      'connection-control': 1,
      'dead-letter': 720,
    });
  });

  it('of connection servers carry the name of their server', () => {
    expect(connectionNotification('eu-1').name).toBe('connection-notification-eu-1');
    expect(connectionNotification('eu-1').name.startsWith(NOTIFICATION_TOPIC_PREFIX)).toBe(true);
  });
});
