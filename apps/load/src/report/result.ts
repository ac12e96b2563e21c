import { z } from 'zod';
import { Findings, Pace } from '../run/run-report.js';

const Latency = z.object({
  count: z.number(),
  mean: z.number(),
  p50: z.number(),
  p95: z.number(),
  p99: z.number(),
  p999: z.number(),
  max: z.number(),
});
/** Everything a run has measured; what `--json` writes. Latencies are milliseconds. */
export const LoadResult = z.object({
  date: z.string(),
  machine: z.object({
    cores: z.number(),
    cpu: z.string(),
    memoryGiB: z.number(),
    system: z.string(),
    node: z.string(),
  }),
  /** Options of the run. */
  options: z.record(z.string(), z.unknown()),
  profile: z.string().nullable(),
  data: z.object({ users: z.number(), channels: z.number(), seconds: z.number() }),
  connect: Pace,
  /** Attempts that were refused or failed, and were made again. */
  failedConnects: z.number(),
  enter: Pace,
  /** Resident memory of each process before the first socket and with all of them entered. */
  memory: z.array(
    z.object({ name: z.string(), beforeMiB: z.number(), afterMiB: z.number(), perSocketKiB: z.number() }),
  ),
  seconds: z.number(),
  sent: z.number(),
  acks: z.number(),
  acksPerSecond: z.number(),
  deliveries: z.number(),
  deliveriesPerSecond: z.number(),
  ackLatency: Latency,
  deliveryLatency: Latency,
  /** Share of the messages that were acknowledged within a second of when they were due. */
  withinSecond: z.number(),
  /** Open loop: how late the generator itself was. */
  sendLag: Latency,
  /** Over the whole run, warm-up and the wait at the end included. Everything but refused and retries must be 0. */
  findings: Findings,
  errors: z.record(z.string(), z.number()),
  closeCodes: z.record(z.string(), z.number()),
  bytesIn: z.number(),
  bytesOut: z.number(),
  /** Of the measured time. */
  processes: z.array(
    z.object({
      name: z.string(),
      cpuSeconds: z.number(),
      cpuMicrosecondsPerMessage: z.number(),
      cpuSecondsPer100kDeliveries: z.number(),
      rssMiB: z.number(),
    }),
  ),
  generator: z.object({
    cpuSeconds: z.number(),
    cores: z.number(),
    rssMiB: z.number(),
    /** Frames that had to be parsed. */
    parsedFrames: z.number(),
  }),
  /** One entry for each second of the measured time. */
  series: z.array(
    z.object({
      second: z.number(),
      acks: z.number(),
      deliveries: z.number(),
      ackP50: z.number(),
      ackP99: z.number(),
      deliveryP99: z.number(),
      rssMiB: z.record(z.string(), z.number()),
    }),
  ),
});
export type LoadResult = z.infer<typeof LoadResult>;

/** Whether every promise was kept. */
export const isClean = ({ findings }: Pick<LoadResult, 'findings'>): boolean =>
  findings.lost +
    findings.doubled +
    findings.outOfOrder +
    findings.unanswered +
    findings.unexpectedAcks +
    findings.lostSockets ===
  0;
