import type { UserId } from '@parley/protocol';
import { Column, CreateDateColumn, Entity, PrimaryColumn, PrimaryGeneratedColumn, UpdateDateColumn } from 'typeorm';
import { wholeNumber } from './whole-number.js';

@Entity('message_user')
export class AccountEntity {
  @PrimaryGeneratedColumn({ name: 'user_id', type: 'bigint' })
  userId: UserId;

  /** Unique without case and accents, by its collation; kept as it was registered. */
  @Column({ type: 'varchar', length: 20 })
  username: string;

  /** A hash, with its parameters. */
  @Column({ type: 'varchar', length: 255 })
  password: string;

  @Column({ name: 'invite_code', type: 'char', length: 32 })
  inviteCode: string;

  /** Number of accepted contacts. */
  @Column({ name: 'connection_count', type: 'int' })
  contactCount: number;

  @CreateDateColumn({ name: 'created_at', type: 'datetime', precision: 3 })
  createdAt: Date;

  @UpdateDateColumn({ name: 'updated_at', type: 'datetime', precision: 3 })
  updatedAt: Date;
}

/** An account that is gone, until everything that belonged to it is gone too. Written in the transaction that deletes the account. */
@Entity('user_unregistered')
export class UnregisteredAccountEntity {
  @PrimaryColumn({ name: 'user_id', type: 'bigint', transformer: wholeNumber })
  userId: UserId;

  @Column({ type: 'varchar', length: 20 })
  username: string;

  @CreateDateColumn({ name: 'created_at', type: 'datetime', precision: 3 })
  createdAt: Date;
}
