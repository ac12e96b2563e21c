/** Kafka's own name of what went wrong, such as `UNKNOWN_TOPIC_OR_PARTITION`; kafkajs may wrap it in other errors. */
export function kafkaErrorType(error: unknown): string | undefined {
  for (let at = error; at instanceof Error; at = at.cause) {
    if ('type' in at && typeof at.type === 'string') return at.type;
  }
  return undefined;
}

export function isTimeout(error: unknown): boolean {
  for (let at = error; at instanceof Error; at = at.cause) {
    if (at.name === 'KafkaJSRequestTimeoutError') return true;
  }
  return false;
}

/** A member must rejoin its group: its partitions may be someone else's by now. */
export function mustRejoin(error: unknown): error is Error {
  const type = kafkaErrorType(error);
  return (
    type === 'REBALANCE_IN_PROGRESS' ||
    type === 'ILLEGAL_GENERATION' ||
    type === 'UNKNOWN_MEMBER_ID' ||
    type === 'NOT_COORDINATOR_FOR_GROUP'
  );
}

/** The group is passing to another broker, which answers for it in a moment. */
export function isChangingHands(error: unknown): boolean {
  const type = kafkaErrorType(error);
  return (
    type === 'GROUP_LOAD_IN_PROGRESS' ||
    type === 'GROUP_COORDINATOR_NOT_AVAILABLE' ||
    type === 'NOT_COORDINATOR_FOR_GROUP'
  );
}

/** The partition is led by another broker than the one that was asked, or its topic has just been made or deleted. */
export function isStaleMetadata(error: Error): boolean {
  const type = kafkaErrorType(error);
  return (
    type === 'NOT_LEADER_FOR_PARTITION' ||
    type === 'LEADER_NOT_AVAILABLE' ||
    type === 'FENCED_LEADER_EPOCH' ||
    type === 'UNKNOWN_LEADER_EPOCH' ||
    type === 'UNKNOWN_TOPIC_OR_PARTITION' ||
    error.name === 'KafkaJSTopicMetadataNotLoaded'
  );
}

/** Read by kafkajs as Kafka's own word that the group has to be joined again. */
export class RejoinNeeded extends Error {
  readonly type = 'REBALANCE_IN_PROGRESS';

  constructor(cause: Error) {
    super(cause.message, { cause });
  }
}
