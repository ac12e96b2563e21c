import type { Dialect } from '../dialect.js';
import type { Migration } from './migration.js';

const TIMES = `created_at DATETIME(3) NOT NULL DEFAULT CURRENT_TIMESTAMP(3),
  updated_at DATETIME(3) NOT NULL DEFAULT CURRENT_TIMESTAMP(3) ON UPDATE CURRENT_TIMESTAMP(3)`;
const CREATED = 'created_at DATETIME(3) NOT NULL DEFAULT CURRENT_TIMESTAMP(3)';
const CODE = 'CHAR(32) CHARACTER SET ascii COLLATE ascii_bin';

const table = ({ nameCollation }: Dialect, name: string, definition: string): string =>
  `CREATE TABLE IF NOT EXISTS ${name} (${definition}) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=${nameCollation}`;

export const userDatabaseMigrations: readonly Migration[] = [
  {
    version: 1,
    name: 'accounts, contacts, channels and memberships',
    statements: (dialect) => [
      table(
        dialect,
        'message_user',
        `user_id BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY,
        username VARCHAR(20) NOT NULL,
        password VARCHAR(255) NOT NULL,
        invite_code ${CODE} NOT NULL,
        connection_count INT NOT NULL DEFAULT 0,
        ${TIMES},
        UNIQUE KEY username (username),
        UNIQUE KEY invite_code (invite_code)`,
      ),
      table(
        dialect,
        'user_connection',
        `partner_a_user_id BIGINT NOT NULL,
        partner_b_user_id BIGINT NOT NULL,
        status VARCHAR(20) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
        inviter_user_id BIGINT NOT NULL,
        ${TIMES},
        PRIMARY KEY (partner_a_user_id, partner_b_user_id),
        KEY partner_b (partner_b_user_id),
        KEY partner_a_status (partner_a_user_id, status),
        KEY partner_b_status (partner_b_user_id, status),
        KEY partners_status (partner_a_user_id, partner_b_user_id, status)`,
      ),
      table(
        dialect,
        'channel',
        `channel_id BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY,
        title VARCHAR(30) NOT NULL,
        invite_code ${CODE} NOT NULL,
        head_count INT NOT NULL,
        shard_id INT NOT NULL,
        ${TIMES},
        UNIQUE KEY invite_code (invite_code)`,
      ),
      table(
        dialect,
        'user_channel',
        `user_id BIGINT NOT NULL,
        channel_id BIGINT NOT NULL,
        last_read_msg_seq BIGINT NOT NULL DEFAULT 0,
        ${TIMES},
        PRIMARY KEY (user_id, channel_id),
        KEY channel_id (channel_id)`,
      ),
      table(
        dialect,
        'user_unregistered',
        `user_id BIGINT NOT NULL PRIMARY KEY,
        username VARCHAR(20) NOT NULL,
        ${CREATED}`,
      ),
      table(
        dialect,
        'command_log',
        `request VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL PRIMARY KEY,
        outcome MEDIUMTEXT NOT NULL,
        ${CREATED},
        KEY created_at (created_at)`,
      ),
      table(
        dialect,
        'push_inbox',
        `user_id BIGINT NOT NULL,
        push_id VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
        type VARCHAR(40) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
        channel_id BIGINT NULL,
        message_sequence BIGINT NULL,
        username VARCHAR(20) NULL,
        content VARCHAR(1000) NULL,
        ${CREATED},
        PRIMARY KEY (user_id, push_id),
        KEY user_created (user_id, created_at)`,
      ),
    ],
  },
  {
    version: 2,
    name: 'shards that were added while services ran',
    statements: (dialect) => [
      table(
        dialect,
        'message_shard',
        `shard_id INT NOT NULL PRIMARY KEY,
        source_host VARCHAR(255) NOT NULL,
        source_port INT NOT NULL,
        replica_host VARCHAR(255) NULL,
        replica_port INT NULL,
        database_name VARCHAR(64) NOT NULL,
        opens_at DATETIME(3) NOT NULL,
        ${CREATED}`,
      ),
    ],
  },
];
