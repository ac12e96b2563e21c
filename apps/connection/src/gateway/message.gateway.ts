import { type OnGatewayConnection, type OnGatewayDisconnect, WebSocketGateway } from '@nestjs/websockets';
import { PATHS } from '@parley/protocol';
import { ChannelViews } from '../delivery/channel-views.js';
import { LateAnswers } from '../delivery/late-answers.js';
import { FrameReceiver } from '../frames/frame-receiver.js';
import { ReadReporter } from '../frames/read-reporter.js';
import { LocationRegistry } from '../location/location-registry.js';
import { PresenceAnnouncer } from '../presence/presence-announcer.js';
import { ConnectionMetrics } from '../server/connection.metrics.js';
import { SessionWatch } from '../session/session-watch.js';
import type { ClientSocket } from '../socket/client-socket.js';
import { OpenSockets } from '../socket/open-sockets.js';

/** What happens when a socket opens and when it goes. */
@WebSocketGateway({ path: PATHS.webSocket })
export class MessageGateway implements OnGatewayConnection<ClientSocket>, OnGatewayDisconnect<ClientSocket> {
  constructor(
    private readonly sockets: OpenSockets,
    private readonly receiver: FrameReceiver,
    private readonly reads: ReadReporter,
    private readonly views: ChannelViews,
    private readonly late: LateAnswers,
    private readonly sessions: SessionWatch,
    private readonly presence: PresenceAnnouncer,
    private readonly locations: LocationRegistry,
    private readonly metrics: ConnectionMetrics,
  ) {}

  handleConnection(socket: ClientSocket): void {
    this.sockets.add(socket);
    this.sessions.join(socket);
    this.presence.opened(socket);
    this.locations.changed(socket.userId);
    this.metrics.openSockets.set(this.sockets.size);
    socket.receiveWith((text) => this.receiver.receive(socket, text));
  }

  handleDisconnect(socket: ClientSocket, reason?: string): void {
    this.sockets.remove(socket);
    this.sessions.leave(socket);
    this.reads.report(socket);
    this.late.socketClosed(socket);
    this.views.leave(socket, 'tell the owner');
    this.presence.left(socket);
    this.locations.changed(socket.userId);
    this.metrics.openSockets.set(this.sockets.size);
    if (reason !== undefined) this.metrics.closed.inc({ reason });
  }
}
