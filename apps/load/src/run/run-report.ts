import { z } from 'zod';

/** Where the counters stand at a moment, and the latencies (ms) of what came since the last such moment. */
export const Mark = z.object({
  /** Microseconds since 1970. */
  atUs: z.number(),
  acks: z.number(),
  deliveries: z.number(),
  refused: z.number(),
  inFlight: z.number(),
  ackP50: z.number(),
  ackP99: z.number(),
  deliveryP99: z.number(),
});
export type Mark = z.infer<typeof Mark>;

export const Pace = z.object({ count: z.number(), seconds: z.number(), perSecond: z.number() });
export type Pace = z.infer<typeof Pace>;

/** What a run has to say about promises. Everything but `refused` and `retries` must be 0. */
export const Findings = z.object({
  /** Messages that a receiver who was entered never got. */
  lost: z.number(),
  doubled: z.number(),
  outOfOrder: z.number(),
  /** Messages with neither an acknowledgement nor an ERROR. */
  unanswered: z.number(),
  /** Acknowledgements of nothing that was sent, or a second one. */
  unexpectedAcks: z.number(),
  /** Sockets that were closed by the other side. */
  lostSockets: z.number(),
  /** Messages that were answered with ERROR. */
  refused: z.number(),
  retries: z.number(),
  /** The first receivers with something to report. */
  details: z.array(z.string()).readonly(),
});
export type Findings = z.infer<typeof Findings>;

const RawSamples = z.custom<Uint32Array>((value) => value instanceof Uint32Array);

/** What one process has measured in the end; a schema, because it may come from another process. */
export const RunReport = z.object({
  sent: z.number(),
  failedConnects: z.number(),
  /** Microseconds. */
  ackLatency: RawSamples,
  deliveryLatency: RawSamples,
  sendLag: RawSamples,
  marks: z.array(Mark).readonly(),
  findings: Findings,
  /** Texts of ERROR frames with how often each came. */
  errors: z.array(z.tuple([z.string(), z.number()])),
  closeCodes: z.array(z.tuple([z.number(), z.number()])),
  bytesIn: z.number(),
  bytesOut: z.number(),
  /** Of the measured time. */
  cpuSeconds: z.number(),
  rssMiB: z.number(),
  parsedFrames: z.number(),
});
export type RunReport = z.infer<typeof RunReport>;
