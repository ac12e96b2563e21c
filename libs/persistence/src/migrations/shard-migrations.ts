import type { Migration } from './migration.js';

export const shardMigrations: readonly Migration[] = [
  {
    version: 1,
    name: 'messages',
    statements: () => [
      // The primary key makes a sequence unique in its channel, `once` makes a retried message one row.
      `CREATE TABLE IF NOT EXISTS message (
        channel_id BIGINT NOT NULL,
        message_sequence BIGINT NOT NULL,
        user_id BIGINT NOT NULL,
        once BIGINT NOT NULL,
        content VARCHAR(1000) NOT NULL,
        created_at DATETIME(3) NOT NULL DEFAULT CURRENT_TIMESTAMP(3),
        PRIMARY KEY (channel_id, message_sequence),
        UNIQUE KEY once (channel_id, user_id, once)
      ) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin`,
    ],
  },
  {
    version: 2,
    name: 'a row to find out whether the shard takes writes',
    statements: () => [
      `CREATE TABLE IF NOT EXISTS write_probe (
        id INT NOT NULL PRIMARY KEY,
        at DATETIME(3) NOT NULL
      ) ENGINE=InnoDB`,
    ],
  },
];
