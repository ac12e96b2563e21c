import { randomInt } from 'node:crypto';

const BOOT_RANGE = 36 ** 8;

/** Makes names that no other socket or request has had or will have: server, boot and a counter. */
export class ServerIdentity {
  /** Changes with every start. */
  readonly boot = randomInt(BOOT_RANGE).toString(36);
  private readonly prefix: string;
  private readonly writePrefix: string;
  private connections = 0;
  private requests = 0;
  private writes = 0;

  constructor(readonly server: string) {
    this.prefix = `${server}-${this.boot}-`;
    this.writePrefix = `${this.prefix}w-`;
  }

  nextConnection(): string {
    return this.prefix + (++this.connections).toString(36);
  }

  nextRequest(): string {
    return this.prefix + (++this.requests).toString(36);
  }

  /** The request of a message. These are counted apart, so that their numbers tell how many lie between two of them. */
  nextWrite(): string {
    return this.writePrefix + (++this.writes).toString(36);
  }

  /** Which message it was, counted from 1; 0 for anything else. */
  numberOfWrite(request: string): number {
    return request.startsWith(this.writePrefix) ? Number.parseInt(request.slice(this.writePrefix.length), 36) : 0;
  }
}
