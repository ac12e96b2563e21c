import { randomBytes } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { hash, verify } from '@node-rs/argon2';

/** OWASP's recommendation for argon2id, the library's default; about 20 ms and 19 MiB per password. */
const PARAMETERS = { memoryCost: 19_456, timeCost: 2, parallelism: 1 };

/** The same password can be typed as different code points, depending on the keyboard. */
const canonical = (password: string): string => password.normalize('NFKC');

@Injectable()
export class Passwords {
  /** Verified in place of a missing account's hash, so that the time of an answer does not tell who exists. */
  private readonly nobodys = hash(randomBytes(16).toString('hex'), PARAMETERS);

  hash(password: string): Promise<string> {
    return hash(canonical(password), PARAMETERS);
  }

  /** Takes the same time whether or not there is an account (`stored` undefined). */
  async matches(stored: string | undefined, password: string): Promise<boolean> {
    const equal = await verify(stored ?? (await this.nobodys), canonical(password));
    return stored !== undefined && equal;
  }
}
