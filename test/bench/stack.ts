import { resolve } from 'node:path';
import { PROFILES, startStack, type Profile, type Scale, type Stack } from '@parley/deploy';

export interface BenchStackOptions {
  readonly profile: Profile;
  readonly stateDir: string;
  readonly portOffset: number;
  readonly scale?: Scale;
  /** Whether it stops when this process ends. */
  readonly owned: boolean;
}

/**
 * A stack for measuring: everything as shipped, except for the limits that keep single users from doing what a load
 * generator does for many, and room for one channel of thousands.
 */
export const startBenchStack = ({
  profile,
  stateDir,
  portOffset,
  scale = {},
  owned,
}: BenchStackOptions): Promise<Stack> =>
  startStack({
    profile,
    stateDir: resolve(stateDir),
    portOffset,
    scale,
    owned,
    env: {
      auth: { LOGIN_LIMIT_PER_ADDRESS_PER_MINUTE: '1000000', REGISTER_LIMIT_PER_ADDRESS_PER_MINUTE: '1000000' },
      connection: { MAX_SOCKETS: '100000', FRAMES_PER_SECOND: '100000', FRAMES_BURST: '1000000' },
      message: { CHANNEL_MEMBER_LIMIT: '100000' },
    },
    progress: (line) => void process.stderr.write(`${line}\n`),
  });

export const isProfile = (name: string): name is Profile => PROFILES.some((profile) => profile === name);
