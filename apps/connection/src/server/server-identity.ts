import { randomInt } from 'node:crypto';

const BOOT_RANGE = 36 ** 8;

/** Makes names that no other socket or request has had or will have: server, boot and a counter. */
export class ServerIdentity {
  /** Changes with every start. */
  readonly boot = randomInt(BOOT_RANGE).toString(36);
  private readonly prefix: string;
  private connections = 0;
  private requests = 0;

  constructor(readonly server: string) {
    this.prefix = `${server}-${this.boot}-`;
  }

  nextConnection(): string {
    return this.prefix + (++this.connections).toString(36);
  }

  nextRequest(): string {
    return this.prefix + (++this.requests).toString(36);
  }
}
