/**
 * Thrown by a handler when a database or another system it needs is away. Such records wait as long as it takes,
 * because nothing is wrong with them.
 */
export class DependencyUnavailable extends Error {
  override readonly name: string = 'DependencyUnavailable';
}

/** The deadline of a record passed. `sent` says whether it may be in Kafka all the same. */
export class ProduceTimeout extends DependencyUnavailable {
  override readonly name = 'ProduceTimeout';
  constructor(readonly sent: false | 'unknown') {
    super(
      sent === false ? 'The record was not sent before its deadline' : 'Kafka has not confirmed the record in time',
    );
  }
}

/** Too much is waiting already; nothing of the call was queued. */
export class ProducerOverloaded extends DependencyUnavailable {
  override readonly name = 'ProducerOverloaded';
  constructor() {
    super('The queue to Kafka is full');
  }
}

/** Kafka refuses the record for good: its topic does not exist, or it is too large. */
export class RecordRefused extends Error {
  override readonly name = 'RecordRefused';
}
