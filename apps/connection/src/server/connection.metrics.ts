import { Injectable } from '@nestjs/common';
import type { ProduceStats } from '@parley/kafka';
import { Metrics } from '@parley/platform';
import { Counter, Gauge, Histogram } from 'prom-client';

/** Every reported number of this service, in one place. */
@Injectable()
export class ConnectionMetrics {
  readonly openSockets: Gauge;
  readonly framesIn: Counter;
  readonly framesOut: Counter;
  readonly bytesOut: Counter;
  readonly malformed: Counter;
  readonly refusedUpgrades: Counter<'status'>;
  readonly closed: Counter<'reason'>;
  readonly replays: Counter;
  readonly produceFailures: Counter;
  readonly refusedWrites: Counter;
  readonly locationsSkipped: Counter;
  readonly produceSeconds: Histogram;

  constructor(private readonly metrics: Metrics) {
    const registers = [metrics];
    const counter = (name: string, help: string) => new Counter({ name: `connection_${name}`, help, registers });
    this.openSockets = new Gauge({ name: 'connection_open_sockets', help: 'Sockets that are open.', registers });
    this.framesIn = counter('frames_in_total', 'Text frames received.');
    this.framesOut = counter('frames_out_total', 'Text frames handed to sockets.');
    this.bytesOut = counter('bytes_out_total', 'Bytes handed to sockets.');
    this.malformed = counter('frames_malformed_total', 'Frames that could not be read.');
    this.replays = counter('replays_total', 'Gaps in a channel for which a replay was asked.');
    this.produceFailures = counter('produce_failures_total', 'Frames that could not be handed on.');
    this.refusedWrites = counter('writes_refused_total', 'Messages refused because too many others waited.');
    this.locationsSkipped = counter(
      'locations_skipped_total',
      'Entries about where users are that Redis did not take.',
    );
    this.refusedUpgrades = new Counter({
      name: 'connection_refused_upgrades_total',
      help: 'Handshakes that were refused, by HTTP status.',
      labelNames: ['status'],
      registers,
    });
    this.closed = new Counter({
      name: 'connection_closed_total',
      help: 'Sockets closed by this side, by reason.',
      labelNames: ['reason'],
      registers,
    });
    this.produceSeconds = new Histogram({
      name: 'connection_produce_seconds',
      help: 'From receiving a frame until Kafka has stored it.',
      buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10],
      registers,
    });
  }

  watchProducer(stats: () => ProduceStats): void {
    const counter = (name: string, help: string, count: () => number): void =>
      this.metrics.counted(`connection_produce_${name}`, help, count);
    counter('requests_total', 'Requests with records that Kafka has stored.', () => stats().requests);
    counter('records_total', 'Records in these requests.', () => stats().records);
  }
}
