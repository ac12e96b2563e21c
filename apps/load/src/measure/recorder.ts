import type { Traffic } from '../wire/chat-socket.js';
import type { Mark } from '../run/run-report.js';
import { quantile, Samples } from './samples.js';

/** What all sockets of one process count together. */
export class Recorder {
  readonly traffic: Traffic = { bytesIn: 0, bytesOut: 0, receivedAtUs: 0 };
  readonly ackLatency = new Samples();
  readonly deliveryLatency = new Samples();
  /** How late messages of an open loop were sent: the generator's own share of the latency. */
  readonly sendLag = new Samples();
  readonly marks: Mark[] = [];
  /** Texts of ERROR frames, and how often each came. */
  readonly errors = new Map<string, number>();
  readonly closeCodes = new Map<number, number>();
  sent = 0;
  acks = 0;
  deliveries = 0;
  refused = 0;
  retries = 0;
  unexpectedAcks = 0;
  /** Attempts to connect and to enter that did not succeed. */
  failedConnects = 0;
  private markedAcks = 0;
  private markedDeliveries = 0;
  private from = Infinity;
  private to = Infinity;

  /** Messages that were due from now on count for the latencies. */
  open(atUs: number): void {
    this.from = atUs;
  }

  /** Messages that are due from now on no longer count. */
  close(atUs: number): void {
    this.to = atUs;
  }

  sentLate(dueUs: number, nowUs: number): void {
    if (this.counts(dueUs)) this.sendLag.add(nowUs - dueUs);
  }

  acknowledged(dueUs: number): void {
    this.acks += 1;
    if (this.counts(dueUs)) this.ackLatency.add(this.traffic.receivedAtUs - dueUs);
  }

  delivered(dueUs: number): void {
    this.deliveries += 1;
    if (this.counts(dueUs)) this.deliveryLatency.add(this.traffic.receivedAtUs - dueUs);
  }

  error(text: string): void {
    this.errors.set(text, (this.errors.get(text) ?? 0) + 1);
  }

  lostSocket(code: number): void {
    this.closeCodes.set(code, (this.closeCodes.get(code) ?? 0) + 1);
  }

  mark(atUs: number, inFlight: number): Mark {
    const ack = this.ackLatency.slice(this.markedAcks).sort();
    const delivery = this.deliveryLatency.slice(this.markedDeliveries).sort();
    this.markedAcks = this.ackLatency.length;
    this.markedDeliveries = this.deliveryLatency.length;
    const mark = {
      atUs,
      acks: this.acks,
      deliveries: this.deliveries,
      refused: this.refused,
      inFlight,
      ackP50: quantile(ack, 0.5) / 1000,
      ackP99: quantile(ack, 0.99) / 1000,
      deliveryP99: quantile(delivery, 0.99) / 1000,
    };
    this.marks.push(mark);
    return mark;
  }

  private counts(dueUs: number): boolean {
    return dueUs >= this.from && dueUs < this.to;
  }
}
