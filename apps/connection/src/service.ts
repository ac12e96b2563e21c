import type { Server } from 'node:http';
import type { INestApplication } from '@nestjs/common';
import type { ServiceDefinition } from '@parley/platform';
import { AppModule } from './app.module.js';
import { connectionEnv, ConnectionSettings } from './config.js';
import { Handshake } from './gateway/handshake.js';
import { SocketAdapter } from './gateway/socket-adapter.js';
import { ConnectionMetrics } from './server/connection.metrics.js';
import { ConnectionServer } from './server/connection-server.js';
import { ServerIdentity } from './server/server-identity.js';

/** The connection service: holds the sockets of users and moves frames between them and Kafka. */
export const connectionService: ServiceDefinition<typeof connectionEnv> = {
  name: 'connection',
  schema: connectionEnv,
  module: (config) => AppModule.with(config),
  prepare: (app) => app.useWebSocketAdapter(socketAdapter(app)),
  onListening: (app) => app.get(ConnectionServer).start(),
};

const socketAdapter = (app: INestApplication<Server>): SocketAdapter =>
  new SocketAdapter({
    http: app.getHttpServer(),
    handshake: app.get(Handshake),
    identity: app.get(ServerIdentity),
    metrics: app.get(ConnectionMetrics),
    settings: app.get(ConnectionSettings),
  });
