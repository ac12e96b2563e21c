/** Topic name to the partitions of it that a member of a group reads. */
export type Assignment = Readonly<Record<string, readonly number[]>>;

/** One word for a partition. */
export const placeOf = ({ topic, partition }: { topic: string; partition: number }): string => `${topic} ${partition}`;
