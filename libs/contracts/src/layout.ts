import { connectionControl } from './connection-control.js';
import { connectionPresence } from './connection-presence.js';
import { messageRelay } from './message-relay.js';
import { messageRequest } from './message-request.js';
import { pushNotification } from './push-notification.js';

export const DEAD_LETTER_TOPIC = 'dead-letter';

/** Topics that exist before any service starts. Connection servers make their own notification topics. */
export const topicLayout: readonly { name: string; partitions: 'configured' | 1; retentionHours?: number }[] = [
  { name: messageRequest.name, partitions: 'configured' },
  { name: messageRelay.name, partitions: 'configured' },
  { name: pushNotification.name, partitions: 'configured' },
  { name: connectionPresence.name, partitions: 1, retentionHours: 1 },
  { name: connectionControl.name, partitions: 1, retentionHours: 1 },
  { name: DEAD_LETTER_TOPIC, partitions: 1, retentionHours: 30 * 24 },
];
