import { Metrics } from '@parley/platform';
import { Injectable } from '@nestjs/common';
import { Counter } from 'prom-client';

/** Every reported number of this service, in one place. */
@Injectable()
export class PushMetrics {
  readonly recorded: Counter;
  readonly repeated: Counter;
  readonly providerFailures: Counter;
  readonly trimmed: Counter;
  readonly reads: Counter;
  readonly entriesRead: Counter;

  constructor(metrics: Metrics) {
    const registers = [metrics];
    const counter = (name: string, help: string) => new Counter({ name: `push_${name}_total`, help, registers });
    this.recorded = counter('recorded', 'Pushes taken into an inbox, one per person.');
    this.repeated = counter('repeated', 'Pushes that their inbox held already.');
    this.providerFailures = counter('provider_failures', 'Pushes kept but not handed on: the provider failed.');
    this.trimmed = counter('trimmed', 'Old entries removed from inboxes.');
    this.reads = counter('inbox_reads', 'Times an inbox was asked for.');
    this.entriesRead = counter('inbox_entries_read', 'Entries given to those who asked.');
  }
}
