import type { ChannelId, Seq, UserId } from '@parley/protocol';
import { Column, CreateDateColumn, Entity, PrimaryColumn } from 'typeorm';
import { wholeNumber } from './whole-number.js';

/** Something a user was told of by push; kept once however often it is delivered. */
@Entity('push_inbox')
export class PushInboxEntity {
  @PrimaryColumn({ name: 'user_id', type: 'bigint', transformer: wholeNumber })
  userId: UserId;

  @PrimaryColumn({ name: 'push_id', type: 'varchar', length: 64 })
  pushId: string;

  /** Type of the frame that was pushed. */
  @Column({ type: 'varchar', length: 40 })
  type: string;

  @Column({ name: 'channel_id', type: 'bigint', nullable: true, transformer: wholeNumber })
  channelId: ChannelId | null;

  @Column({ name: 'message_sequence', type: 'bigint', nullable: true, transformer: wholeNumber })
  messageSequence: Seq | null;

  @Column({ type: 'varchar', length: 20, nullable: true })
  username: string | null;

  @Column({ type: 'varchar', length: 1000, nullable: true })
  content: string | null;

  @CreateDateColumn({ name: 'created_at', type: 'datetime', precision: 3 })
  createdAt: Date;
}
