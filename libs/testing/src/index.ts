export * from './eventually.js';
export * from './people.js';
export * from './system.js';
export * from './wire-client.js';
