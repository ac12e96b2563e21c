import { collectDefaultMetrics, Registry } from 'prom-client';

/** The Prometheus metrics of this process: give it to a metric as one of its `registers`. */
export class Metrics extends Registry {
  constructor(service: string) {
    super();
    this.setDefaultLabels({ service });
  }

  /** Adds memory, processor, event loop and garbage collection of the process. */
  collectProcess(): void {
    collectDefaultMetrics({ register: this });
  }
}
