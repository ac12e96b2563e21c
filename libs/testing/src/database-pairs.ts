import type { Environment, Stack, StackProcess } from '@parley/deploy';
import { startOwnStack } from './own-stack.js';

/** Servers of their own for tests of one part, in which each database is a source with a replica. */
export class DatabasePairs {
  private constructor(private readonly stack: Stack) {}

  /** @param name of the folder for their data */
  static async start(name: string): Promise<DatabasePairs> {
    return new DatabasePairs(await startOwnStack(name, { replicated: true, services: false, balancers: false }));
  }

  /** Where the servers are and how to enter them. */
  get env(): Environment {
    return this.stack.env;
  }

  /** A server by its name, such as `database-users` or `database-users-replica`. */
  server(name: string): StackProcess {
    return this.stack.process(name);
  }

  stopReplication(server: string): Promise<void> {
    return this.stack.database(server).stopReplication();
  }

  /** Resumes what was paused, starts what was killed, and lets every replica follow its source. */
  async mend(): Promise<void> {
    for (const { name, replicaOf } of this.stack.topology.databases) {
      await this.server(name).resume();
      await this.server(name).start();
      if (replicaOf !== undefined) await this.stack.database(name).startReplication();
    }
  }

  /** Stops the servers and deletes what they hold. */
  wipe(): Promise<void> {
    return this.stack.wipe();
  }
}
