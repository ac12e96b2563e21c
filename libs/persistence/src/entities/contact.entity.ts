import type { ContactStatus, UserId } from '@parley/protocol';
import { Column, CreateDateColumn, Entity, PrimaryColumn, UpdateDateColumn } from 'typeorm';
import { wholeNumber } from './whole-number.js';

/** The relation between two users; no row means that there never was one. */
@Entity('user_connection')
export class ContactEntity {
  /** The lower of the two ids. */
  @PrimaryColumn({ name: 'partner_a_user_id', type: 'bigint', transformer: wholeNumber })
  lowUserId: UserId;

  @PrimaryColumn({ name: 'partner_b_user_id', type: 'bigint', transformer: wholeNumber })
  highUserId: UserId;

  @Column({ type: 'varchar', length: 20 })
  status: ContactStatus;

  /** Who asked last; the other one decides. */
  @Column({ name: 'inviter_user_id', type: 'bigint', transformer: wholeNumber })
  inviterUserId: UserId;

  @CreateDateColumn({ name: 'created_at', type: 'datetime', precision: 3 })
  createdAt: Date;

  @UpdateDateColumn({ name: 'updated_at', type: 'datetime', precision: 3 })
  updatedAt: Date;
}
