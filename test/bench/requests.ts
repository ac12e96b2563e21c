import type { Stack } from '@parley/deploy';

/** What connection and message have asked Kafka and the shards for; requests cost about the same, whatever they carry. */
export interface Requests {
  readonly messages: number;
  /** To Kafka, by connection. */
  readonly connection: number;
  /** To Kafka, by message. */
  readonly message: number;
  /** To the shards. */
  readonly inserts: number;
}

/** Counted since the services have started, all instances together. */
export async function requestsOf(stack: Stack): Promise<Requests> {
  const names = (await stack.table.names()).filter((name) => /^(connection|message)-\d+$/.test(name));
  const texts = await Promise.all(
    names.map(async (name) => (await fetch(new URL('/metrics', stack.process(name).url))).text()),
  );
  const sum = (metric: string): number => {
    const line = new RegExp(`^${metric}\\{.*\\} (\\d+)$`, 'm');
    return texts.reduce((total, text) => total + Number(line.exec(text)?.[1] ?? 0), 0);
  };
  return {
    messages: sum('message_acknowledged_total'),
    connection: sum('connection_produce_requests_total'),
    message: sum('message_produce_requests_total'),
    inserts: sum('message_inserts_total'),
  };
}

export const requestsBetween = (before: Requests, after: Requests): Requests => ({
  messages: after.messages - before.messages,
  connection: after.connection - before.connection,
  message: after.message - before.message,
  inserts: after.inserts - before.inserts,
});
