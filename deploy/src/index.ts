export { DeployError } from './errors.js';
export type { Environment } from './environment.js';
export { createTopology, PROFILES, SERVICE_KINDS, SHARD_SCHEMAS, USER_SCHEMA } from './topology.js';
export type { Profile, Scale, ServiceInstance, ServiceKind, Topology, TopologyOptions } from './topology.js';
export type { StackDescription, StackOptions } from './stack/description.js';
export { startStack } from './stack/start-stack.js';
export { attachStack, Stack } from './stack/stack.js';
export type { ProcessStatus, StackUrls } from './stack/stack.js';
export type { StackProcess } from './stack/stack-process.js';
