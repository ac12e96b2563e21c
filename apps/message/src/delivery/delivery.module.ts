import { Module } from '@nestjs/common';
import { EventLog } from '../events.js';
import { PresenceMap } from '../presence/presence.map.js';
import { PresenceWatch } from '../presence/presence.watch.js';
import { Deliveries } from './deliveries.js';

@Module({
  providers: [Deliveries, PresenceMap, PresenceWatch, EventLog],
  exports: [Deliveries, PresenceMap, PresenceWatch, EventLog],
})
export class DeliveryModule {}
