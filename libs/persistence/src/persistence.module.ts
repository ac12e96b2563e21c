import { type DynamicModule, Injectable, Module, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import { HealthRegistry } from '@parley/platform';
import type { Database } from './database.js';
import type { DatabaseOptions } from './database-env.js';
import { MessageShards } from './message-shards.js';
import { ShardRegistry } from './shard-registry.js';
import { UserDatabase } from './user-database.js';

/** All databases of this process. */
class Databases {
  constructor(
    readonly users: UserDatabase,
    readonly shards: MessageShards | undefined,
  ) {}

  get all(): readonly Database[] {
    return [this.users, ...(this.shards?.all() ?? [])];
  }
}

/** Connects in the background, so that a service starts, unready, while a database is away; closes after all else has stopped. */
@Injectable()
class DatabaseLifecycle implements OnModuleInit, OnApplicationShutdown {
  private registry: ShardRegistry | undefined;

  constructor(
    private readonly databases: Databases,
    private readonly health: HealthRegistry,
  ) {}

  onModuleInit(): void {
    const { all, users, shards } = this.databases;
    for (const database of all) {
      database.open();
      this.watch(database);
    }
    if (shards === undefined) return;
    this.registry = new ShardRegistry(users, shards, (added) => this.watch(added));
    this.registry.open();
  }

  async onApplicationShutdown(): Promise<void> {
    await this.registry?.close();
    await Promise.all(this.databases.all.map((database) => database.close()));
  }

  private watch(database: Database): void {
    this.health.add(database.name, () => database.check());
  }
}

/** Provides {@link UserDatabase} and, where a service stores messages, {@link MessageShards}. */
@Module({})
export class PersistenceModule {
  static forRoot(options: DatabaseOptions, { shards: withShards }: { shards: boolean }): DynamicModule {
    const users = new UserDatabase(options);
    const shards = withShards ? new MessageShards(options) : undefined;
    return {
      module: PersistenceModule,
      global: true,
      providers: [
        { provide: UserDatabase, useValue: users },
        ...(shards === undefined ? [] : [{ provide: MessageShards, useValue: shards }]),
        { provide: Databases, useValue: new Databases(users, shards) },
        DatabaseLifecycle,
      ],
      exports: [UserDatabase, ...(shards === undefined ? [] : [MessageShards])],
    };
  }
}
