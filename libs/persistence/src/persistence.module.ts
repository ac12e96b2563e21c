import { type DynamicModule, Injectable, Module, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import { HealthRegistry } from '@parley/platform';
import type { Database } from './database.js';
import type { DatabaseOptions } from './database-env.js';
import { MessageShards } from './message-shards.js';
import { UserDatabase } from './user-database.js';

/** All databases of this process. */
class Databases {
  constructor(readonly all: readonly Database[]) {}
}

/** Connects in the background, so that a service starts, unready, while a database is away; closes after all else has stopped. */
@Injectable()
class DatabaseLifecycle implements OnModuleInit, OnApplicationShutdown {
  constructor(
    private readonly databases: Databases,
    private readonly health: HealthRegistry,
  ) {}

  onModuleInit(): void {
    for (const database of this.databases.all) {
      database.open();
      this.health.add(database.name, () => database.check());
    }
  }

  async onApplicationShutdown(): Promise<void> {
    await Promise.all(this.databases.all.map((database) => database.close()));
  }
}

/** Provides {@link UserDatabase} and, where a service stores messages, {@link MessageShards}. */
@Module({})
export class PersistenceModule {
  static forRoot(options: DatabaseOptions, { shards: withShards }: { shards: boolean }): DynamicModule {
    const users = new UserDatabase(options);
    const shards = withShards ? [new MessageShards(options)] : [];
    return {
      module: PersistenceModule,
      global: true,
      providers: [
        { provide: UserDatabase, useValue: users },
        ...shards.map((value) => ({ provide: MessageShards, useValue: value })),
        { provide: Databases, useValue: new Databases([users, ...shards.flatMap((value) => value.all())]) },
        DatabaseLifecycle,
      ],
      exports: [UserDatabase, ...shards.map(() => MessageShards)],
    };
  }
}
