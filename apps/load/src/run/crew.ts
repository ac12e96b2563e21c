import { mergedFindings } from './findings.js';
import { type Guest, LoadRun, type RunOptions } from './load-run.js';
import { forkCrew } from './forked-crew.js';
import { partsOf } from './parts.js';
import type { Mark, Pace, RunReport } from './run-report.js';

/** Everybody who takes part in a run, in one process or in several. */
export interface Crew {
  connectAll(): Promise<Pace>;
  enterAll(): Promise<Pace>;
  start(): Promise<void>;
  /** Messages that are due from now on count for the latencies; CPU is counted from now on. */
  open(): Promise<void>;
  /** Notes where the counters stand. */
  mark(): Promise<Mark>;
  /** Messages that are due from now on no longer count; nothing new is sent. */
  stop(): Promise<void>;
  /** Waits until everything that was sent is answered and delivered, at most `ms`. */
  settle(ms: number): Promise<void>;
  report(): Promise<RunReport>;
  close(): Promise<void>;
}

/** A crew of this process, or of as many as the sockets need: the system allows each only so many open files. */
export async function assemble(
  guests: readonly Guest[],
  options: RunOptions,
  socketsPerProcess: number,
): Promise<Crew> {
  const parts = partsOf(guests, socketsPerProcess);
  const [first] = parts;
  if (parts.length <= 1) return new LocalCrew(new LoadRun(first?.guests ?? [], options));
  const senders = guests.filter((guest) => guest.writes).length;
  const members = await Promise.all(
    parts.map((part) => {
      const share = part.guests.filter((guest) => guest.writes).length / Math.max(1, senders);
      const rate = options.rate === undefined ? undefined : options.rate * share;
      return forkCrew(part.guests, { ...options, rate, firstIndex: part.firstIndex });
    }),
  );
  return new ManyCrews(members);
}

/** A crew in this process. */
export class LocalCrew implements Crew {
  private cpuAtOpen = process.cpuUsage();
  private cpuSeconds = 0;

  constructor(private readonly run: LoadRun) {}

  connectAll = (): Promise<Pace> => this.run.connectAll();
  enterAll = (): Promise<Pace> => this.run.enterAll();
  settle = (ms: number): Promise<void> => this.run.settle(ms);

  async start(): Promise<void> {
    this.run.start();
  }

  async open(): Promise<void> {
    this.cpuAtOpen = process.cpuUsage();
    this.run.open();
  }

  async mark(): Promise<Mark> {
    return this.run.mark();
  }

  async stop(): Promise<void> {
    const { user, system } = process.cpuUsage(this.cpuAtOpen);
    this.cpuSeconds = (user + system) / 1_000_000;
    this.run.stop();
  }

  async report(): Promise<RunReport> {
    const { recorder } = this.run;
    return {
      sent: recorder.sent,
      failedConnects: recorder.failedConnects,
      ackLatency: recorder.ackLatency.slice(),
      deliveryLatency: recorder.deliveryLatency.slice(),
      sendLag: recorder.sendLag.slice(),
      marks: recorder.marks,
      findings: this.run.findings(),
      errors: [...recorder.errors],
      closeCodes: [...recorder.closeCodes],
      bytesIn: recorder.traffic.bytesIn,
      bytesOut: recorder.traffic.bytesOut,
      cpuSeconds: this.cpuSeconds,
      rssMiB: process.memoryUsage.rss() / 2 ** 20,
      parsedFrames: this.run.reader.slow,
    };
  }

  async close(): Promise<void> {
    this.run.close();
  }
}

/** Several crews side by side, each with channels of its own. */
class ManyCrews implements Crew {
  constructor(private readonly crews: readonly Crew[]) {}

  connectAll = async (): Promise<Pace> => together(await this.all((crew) => crew.connectAll()));
  enterAll = async (): Promise<Pace> => together(await this.all((crew) => crew.enterAll()));

  async start(): Promise<void> {
    await this.all((crew) => crew.start());
  }

  async open(): Promise<void> {
    await this.all((crew) => crew.open());
  }

  async mark(): Promise<Mark> {
    return mergedMarks(await this.all((crew) => crew.mark()));
  }

  async stop(): Promise<void> {
    await this.all((crew) => crew.stop());
  }

  async settle(ms: number): Promise<void> {
    await this.all((crew) => crew.settle(ms));
  }

  async report(): Promise<RunReport> {
    return mergedReports(await this.all((crew) => crew.report()));
  }

  async close(): Promise<void> {
    await this.all((crew) => crew.close());
  }

  private all<T>(work: (crew: Crew) => Promise<T>): Promise<T[]> {
    return Promise.all(this.crews.map(work));
  }
}

function together(paces: readonly Pace[]): Pace {
  const count = sum(paces.map((pace) => pace.count));
  const seconds = Math.max(...paces.map((pace) => pace.seconds));
  return { count, seconds, perSecond: count / Math.max(seconds, 0.001) };
}

/** Latencies of a second are those of the crew that is worst off: exact ones come with the report. */
function mergedMarks(marks: readonly Mark[]): Mark {
  const total = (what: (mark: Mark) => number): number => sum(marks.map(what));
  const worst = (what: (mark: Mark) => number): number => Math.max(...marks.map(what));
  return {
    atUs: worst((mark) => mark.atUs),
    acks: total((mark) => mark.acks),
    deliveries: total((mark) => mark.deliveries),
    refused: total((mark) => mark.refused),
    inFlight: total((mark) => mark.inFlight),
    ackP50: worst((mark) => mark.ackP50),
    ackP99: worst((mark) => mark.ackP99),
    deliveryP99: worst((mark) => mark.deliveryP99),
  };
}

function mergedReports(reports: readonly RunReport[]): RunReport {
  const total = (what: (report: RunReport) => number): number => sum(reports.map(what));
  const [first] = reports;
  return {
    sent: total((report) => report.sent),
    failedConnects: total((report) => report.failedConnects),
    ackLatency: joined(reports.map((report) => report.ackLatency)),
    deliveryLatency: joined(reports.map((report) => report.deliveryLatency)),
    sendLag: joined(reports.map((report) => report.sendLag)),
    marks: (first?.marks ?? []).map((_, index) => mergedMarks(reports.flatMap((report) => report.marks[index] ?? []))),
    findings: mergedFindings(reports.map((report) => report.findings)),
    errors: reports.flatMap((report) => report.errors),
    closeCodes: reports.flatMap((report) => report.closeCodes),
    bytesIn: total((report) => report.bytesIn),
    bytesOut: total((report) => report.bytesOut),
    cpuSeconds: total((report) => report.cpuSeconds),
    rssMiB: total((report) => report.rssMiB),
    parsedFrames: total((report) => report.parsedFrames),
  };
}

const sum = (numbers: readonly number[]): number => numbers.reduce((total, each) => total + each, 0);

function joined(parts: readonly Uint32Array[]): Uint32Array {
  const all = new Uint32Array(sum(parts.map((part) => part.length)));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}
