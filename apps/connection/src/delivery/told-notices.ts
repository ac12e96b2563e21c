import { Injectable } from '@nestjs/common';

/** A notice that is told again comes within seconds: after a crash or a retry of the message service. */
const REMEMBERED = 1_000;

/** Notices that this server has told: clients count by them, so what comes again is not told again. */
@Injectable()
export class ToldNotices {
  private readonly told = new Set<string>();

  /** True the first time. */
  isNew(request: string, text: string): boolean {
    const key = `${request} ${text}`;
    if (this.told.has(key)) return false;
    this.told.add(key);
    for (const oldest of this.told) {
      if (this.told.size <= REMEMBERED) break;
      this.told.delete(oldest);
    }
    return true;
  }
}
