import type { ISocketFactory } from 'kafkajs';
import { connect, isIP, type Socket } from 'node:net';
import { connect as connectSecurely, type ConnectionOptions } from 'node:tls';

const KEEP_ALIVE_DELAY_MS = 60_000;
const LOOK_EVERY_MS = 250;

/** Numbers of Kafka's requests that are answered when others are ready: members of a group, or copies of a record. */
const MAY_TAKE_LONG: ReadonlySet<number> = new Set([
  0 /* Produce */, 8 /* OffsetCommit */, 11 /* JoinGroup */, 14 /* SyncGroup */,
]);
/** Where the number stands in a request, after its length. */
const NUMBER_AT = 4;

export interface Patience {
  /** How long the first broker that is tried may take for its first answer, in ms; then the next one is tried. */
  readonly firstAnswerMs?: number;
  /** How long any broker may take later on; by default as long as kafkajs waits for each request. */
  readonly answerMs?: number;
}

/** One connection, and whether something is waited for on it. */
interface Line {
  readonly broker: string;
  askedAt: number | undefined;
  isWaitingLong: boolean;
}

/**
 * The connections of one client, for two things that kafkajs cannot do. It has no way to end a client that is stuck: it
 * goes on trying, and what it reaches later it still takes for its own. Once its lines are cut, it reaches nothing any
 * more. And it goes on using a connection that has fallen silent: a broker that stands still is connected to all the
 * same, because its machine answers for it. So such lines are hung up, as if the broker had died.
 */
export class Lines {
  readonly #open = new Map<Socket, Line>();
  #isCut = false;
  /** Whether any broker has said anything to this client. */
  #isAnswered = false;
  #watch: NodeJS.Timeout | undefined;

  constructor(private readonly patience: Patience = {}) {}

  readonly factory: ISocketFactory = ({ host, port, ssl, onConnect }) => {
    if (this.#isCut) throw new Error('this client has been given up');
    const target = { host, port };
    // kafkajs passes on what it was given, which may be no more than true or false.
    const security: ConnectionOptions | boolean | undefined = ssl;
    const name = isIP(host) === 0 ? { servername: host } : {};
    const socket = security
      ? connectSecurely({ ...target, ...name, ...(typeof security === 'object' && security) }, onConnect)
      : connect(target, onConnect);
    socket.setKeepAlive(true, KEEP_ALIVE_DELAY_MS);
    this.#listen(socket, { broker: `${host}:${port}`, askedAt: undefined, isWaitingLong: false });
    return socket;
  };

  cut(): void {
    this.#isCut = true;
    for (const socket of this.#open.keys()) this.#hangUp(socket);
  }

  #listen(socket: Socket, line: Line): void {
    this.#open.set(socket, line);
    this.#watch ??= setInterval(() => this.#look(performance.now()), LOOK_EVERY_MS).unref();
    const write = socket.write.bind(socket) as (...given: unknown[]) => boolean;
    Object.assign(socket, {
      write: (...given: unknown[]) => {
        noteRequest(line, given[0]);
        return write(...given);
      },
    });
    socket.on('data', () => {
      this.#isAnswered = true;
      line.askedAt = undefined;
      line.isWaitingLong = false;
    });
    socket.once('close', () => {
      this.#open.delete(socket);
      if (this.#open.size > 0) return;
      clearInterval(this.#watch);
      this.#watch = undefined;
    });
  }

  #look(now: number): void {
    const { firstAnswerMs = Infinity, answerMs = Infinity } = this.patience;
    const limit = this.#isAnswered ? answerMs : firstAnswerMs;
    const silent = new Set<string>();
    for (const { broker, askedAt = Infinity } of this.#open.values()) if (now - askedAt > limit) silent.add(broker);
    for (const [socket, { broker }] of this.#open) if (silent.has(broker)) this.#hangUp(socket);
  }

  /**
   * The events are what kafkajs hears of a connection that could not be made, whereupon it tries the next broker; and
   * of one that the broker has ended, whereupon it forgets the broker and asks the others who leads in its place.
   */
  #hangUp(socket: Socket): void {
    socket.emit(this.#isAnswered ? 'end' : 'timeout');
    socket.destroy();
  }
}

function noteRequest(line: Line, data: unknown): void {
  if (line.isWaitingLong) return;
  const number = Buffer.isBuffer(data) && data.length >= NUMBER_AT + 2 ? data.readInt16BE(NUMBER_AT) : undefined;
  if (number !== undefined && MAY_TAKE_LONG.has(number)) {
    line.isWaitingLong = true;
    line.askedAt = undefined;
  } else {
    line.askedAt ??= performance.now();
  }
}
