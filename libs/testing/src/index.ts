export { startTestServers, type TestServers, type TestServersOptions } from '@parley/deploy';
export * from './eventually.js';
export type { KafkaAccess } from './kafka-access.js';
export * from './guests.js';
export * from './people.js';
export * from './system.js';
export * from './tcp-relay.js';
export * from './terminal.js';
export * from './wire-client.js';
