import { resolve } from 'node:path';
import { PROFILES, startStack, type Profile, type Scale, type Stack } from '@parley/deploy';

export interface BenchStackOptions {
  readonly profile: Profile;
  readonly stateDir: string;
  readonly portOffset: number;
  readonly scale?: Scale;
  /** Where each service leaves its CPU profile when it stops. */
  readonly profiles?: string;
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
  profiles,
  owned,
}: BenchStackOptions): Promise<Stack> =>
  startStack({
    profile,
    stateDir: resolve(stateDir),
    portOffset,
    scale,
    owned,
    env: {
      auth: {
        ...profiled('auth', profiles),
        LOGIN_LIMIT_PER_ADDRESS_PER_MINUTE: '1000000',
        REGISTER_LIMIT_PER_ADDRESS_PER_MINUTE: '1000000',
      },
      connection: {
        ...profiled('connection', profiles),
        MAX_SOCKETS: '100000',
        FRAMES_PER_SECOND: '100000',
        FRAMES_BURST: '1000000',
      },
      message: { ...profiled('message', profiles), CHANNEL_MEMBER_LIMIT: '100000' },
      push: profiled('push', profiles),
    },
    progress: (line) => void process.stderr.write(`${line}\n`),
  });

const profiled = (kind: string, folder: string | undefined): Record<string, string> =>
  folder === undefined ? {} : { NODE_OPTIONS: `--cpu-prof --cpu-prof-dir=${resolve(folder, kind)}` };

export const isProfile = (name: string): name is Profile => PROFILES.some((profile) => profile === name);
