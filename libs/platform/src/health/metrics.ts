import { collectDefaultMetrics, Counter, Registry } from 'prom-client';

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

  /** Adds a counter that is read, when somebody asks, from the part that counts. */
  counted(name: string, help: string, count: () => number): void {
    new Counter({
      name,
      help,
      registers: [this],
      collect() {
        this.reset();
        this.inc(count());
      },
    });
  }
}
