import { Column, CreateDateColumn, Entity, PrimaryColumn } from 'typeorm';

/** What a request led to, written in the transaction of its effects: a repetition gets the same answer and no second effect. */
@Entity('command_log')
export class CommandLogEntity {
  @PrimaryColumn({ type: 'varchar', length: 64 })
  request: string;

  /** JSON. */
  @Column({ type: 'mediumtext' })
  outcome: string;

  @CreateDateColumn({ name: 'created_at', type: 'datetime', precision: 3 })
  createdAt: Date;
}
