import type { ChannelId, Seq, UserId } from '@parley/protocol';
import { Column, CreateDateColumn, Entity, PrimaryColumn, PrimaryGeneratedColumn, UpdateDateColumn } from 'typeorm';
import { wholeNumber } from './whole-number.js';

@Entity('channel')
export class ChannelEntity {
  @PrimaryGeneratedColumn({ name: 'channel_id', type: 'bigint' })
  channelId: ChannelId;

  @Column({ type: 'varchar', length: 30 })
  title: string;

  @Column({ name: 'invite_code', type: 'char', length: 32 })
  inviteCode: string;

  @Column({ name: 'head_count', type: 'int' })
  headCount: number;

  /** Where its messages are, for as long as it exists. */
  @Column({ name: 'shard_id', type: 'int' })
  shardId: number;

  @CreateDateColumn({ name: 'created_at', type: 'datetime', precision: 3 })
  createdAt: Date;

  @UpdateDateColumn({ name: 'updated_at', type: 'datetime', precision: 3 })
  updatedAt: Date;
}

/** That a user belongs to a channel. */
@Entity('user_channel')
export class MembershipEntity {
  @PrimaryColumn({ name: 'user_id', type: 'bigint', transformer: wholeNumber })
  userId: UserId;

  @PrimaryColumn({ name: 'channel_id', type: 'bigint', transformer: wholeNumber })
  channelId: ChannelId;

  /** Only moves forward. */
  @Column({ name: 'last_read_msg_seq', type: 'bigint', transformer: wholeNumber })
  lastRead: Seq;

  @CreateDateColumn({ name: 'created_at', type: 'datetime', precision: 3 })
  createdAt: Date;

  @UpdateDateColumn({ name: 'updated_at', type: 'datetime', precision: 3 })
  updatedAt: Date;
}
