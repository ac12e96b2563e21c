import { Module } from '@nestjs/common';
import { EventLog } from '../events.js';
import { PresenceController } from '../presence/presence.controller.js';
import { PresenceMap } from '../presence/presence-map.js';
import { PresenceWatch } from '../presence/presence-watch.js';
import { UserModule } from '../user/user.module.js';
import { Deliveries } from './deliveries.js';

@Module({
  imports: [UserModule],
  controllers: [PresenceController],
  providers: [Deliveries, PresenceMap, PresenceWatch, EventLog],
  exports: [Deliveries, PresenceMap, PresenceWatch, EventLog],
})
export class DeliveryModule {}
