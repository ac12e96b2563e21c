import { LIMITS, sameUser, type ClientFrameType, type ServerFrame } from '@parley/protocol';
import type { Clock, Timer } from './clock.js';
import { RequestError, type RequestFailure } from './errors.js';
import type { OutgoingFrame } from './outgoing.js';

/** Which frame answers which request. JOIN_REQUEST is answered with NOTIFY_JOIN. */
interface Answers {
  FETCH_USER_INVITECODE_REQUEST: 'FETCH_USER_INVITECODE_RESPONSE';
  FETCH_CONNECTIONS_REQUEST: 'FETCH_CONNECTIONS_RESPONSE';
  INVITE_REQUEST: 'INVITE_RESPONSE';
  ACCEPT_REQUEST: 'ACCEPT_RESPONSE';
  REJECT_REQUEST: 'REJECT_RESPONSE';
  DISCONNECT_REQUEST: 'DISCONNECT_RESPONSE';
  FETCH_CHANNEL_INVITECODE_REQUEST: 'FETCH_CHANNEL_INVITECODE_RESPONSE';
  FETCH_CHANNELS_REQUEST: 'FETCH_CHANNELS_RESPONSE';
  CREATE_REQUEST: 'CREATE_RESPONSE';
  JOIN_REQUEST: 'NOTIFY_JOIN' | 'JOIN_RESPONSE';
  ENTER_REQUEST: 'ENTER_RESPONSE';
  LEAVE_REQUEST: 'LEAVE_RESPONSE';
  QUIT_REQUEST: 'QUIT_RESPONSE';
  FETCH_MESSAGES_REQUEST: 'FETCH_MESSAGES_RESPONSE';
}
export type RequestType = keyof Answers & ClientFrameType;
export type AnswerTo<T extends RequestType> = Extract<ServerFrame, { readonly type: Answers[T] }>;
export type Request<T extends RequestType> = Extract<OutgoingFrame, { readonly type: T }>;

const ANSWERS = {
  FETCH_USER_INVITECODE_REQUEST: ['FETCH_USER_INVITECODE_RESPONSE'],
  FETCH_CONNECTIONS_REQUEST: ['FETCH_CONNECTIONS_RESPONSE'],
  INVITE_REQUEST: ['INVITE_RESPONSE'],
  ACCEPT_REQUEST: ['ACCEPT_RESPONSE'],
  REJECT_REQUEST: ['REJECT_RESPONSE'],
  DISCONNECT_REQUEST: ['DISCONNECT_RESPONSE'],
  FETCH_CHANNEL_INVITECODE_REQUEST: ['FETCH_CHANNEL_INVITECODE_RESPONSE'],
  FETCH_CHANNELS_REQUEST: ['FETCH_CHANNELS_RESPONSE'],
  CREATE_REQUEST: ['CREATE_RESPONSE'],
  JOIN_REQUEST: ['NOTIFY_JOIN', 'JOIN_RESPONSE'],
  ENTER_REQUEST: ['ENTER_RESPONSE'],
  LEAVE_REQUEST: ['LEAVE_RESPONSE'],
  QUIT_REQUEST: ['QUIT_RESPONSE'],
  FETCH_MESSAGES_REQUEST: ['FETCH_MESSAGES_RESPONSE'],
} as const satisfies { readonly [T in RequestType]: readonly Answers[T][] };

export interface RequestsOptions {
  readonly clock: Clock;
  /** False when there is no open socket. */
  readonly transmit: (frame: OutgoingFrame) => boolean;
  /**
   * How long a request may wait to be sent, and then for its answer: so long each, because one that is sent late has
   * not been without an answer for any longer. More than the server's own 10 s, so that its ERROR comes first.
   */
  readonly timeoutMs: number;
  /** A request has got no answer in this time: whoever hears nothing else either may have a dead socket. */
  readonly onUnanswered: () => void;
}

interface Pending {
  readonly frame: OutgoingFrame;
  /** Takes the frame if it is the answer. */
  readonly accept: (frame: ServerFrame) => boolean;
  readonly reject: (failure: RequestFailure, message: string) => void;
  underWay: boolean;
  timer: Timer | undefined;
}

/**
 * Matches answers with requests. Version 1 has no request ids, so one request of a type is under way at a time:
 * then an ERROR, which names only the type, cannot be taken for another request's.
 */
export class Requests {
  readonly #queues = new Map<string, Pending[]>();
  #online = false;

  constructor(private readonly options: RequestsOptions) {}

  ask<T extends RequestType>(request: Request<T>): Promise<AnswerTo<T>> {
    const frame: OutgoingFrame = request;
    const { promise, resolve, reject } = Promise.withResolvers<AnswerTo<T>>();
    const fail = (failure: RequestFailure, message: string): void => {
      this.#remove(pending);
      reject(new RequestError(frame.type, failure, message));
    };
    const pending: Pending = {
      frame,
      underWay: false,
      timer: undefined,
      reject: fail,
      accept: (candidate) => {
        if (!isAnswer<T>(frame, candidate)) return false;
        this.#remove(pending);
        resolve(candidate);
        return true;
      },
    };
    this.#limit(pending);
    this.#queue(frame.type).push(pending);
    if (JSON.stringify(frame).length > LIMITS.frameCharacters) {
      // The server would close the socket over it.
      fail('refused', `Longer than ${LIMITS.frameCharacters} characters.`);
    }
    this.#pump(frame.type);
    return promise;
  }

  /** True if the frame answers a request (an ERROR is an answer as well). */
  take(frame: ServerFrame): boolean {
    for (const [type, queue] of this.#queues) {
      const [head] = queue;
      if (!head?.underWay) continue;
      if (frame.type === 'ERROR') {
        if (frame.messageType !== type) continue;
        head.reject('refused', frame.message);
      } else if (!head.accept(frame)) continue;
      this.#pump(type);
      return true;
    }
    return false;
  }

  online(): void {
    this.#online = true;
    for (const type of this.#queues.keys()) this.#pump(type);
  }

  /** Requests that were under way end; those that were not sent yet wait for the next socket. */
  offline(): void {
    this.#online = false;
    for (const pending of this.#all()) {
      if (pending.underWay) pending.reject('disconnected', 'Connection lost before the answer came.');
    }
  }

  failAll(message: string): void {
    this.#online = false;
    for (const pending of this.#all()) pending.reject('closed', message);
  }

  #all(): Pending[] {
    return [...this.#queues.values()].flat();
  }

  #pump(type: string): void {
    const [head] = this.#queue(type);
    if (!this.#online || !head || head.underWay) return;
    head.underWay = this.options.transmit(head.frame);
    if (head.underWay) this.#limit(head);
  }

  #limit(pending: Pending): void {
    pending.timer?.cancel();
    pending.timer = this.options.clock.after(this.options.timeoutMs, () => this.#giveUp(pending));
  }

  #giveUp({ frame, underWay, reject }: Pending): void {
    const within = `within ${this.options.timeoutMs / 1000} s`;
    if (!underWay) {
      const why = this.#online ? 'the one before has no answer yet' : 'there is no connection';
      return reject('unsent', `Not sent ${within}: ${why}.`);
    }
    reject('timeout', `No answer ${within}.`);
    this.options.onUnanswered();
    this.#pump(frame.type);
  }

  #queue(type: string): Pending[] {
    const queue = this.#queues.get(type) ?? [];
    this.#queues.set(type, queue);
    return queue;
  }

  #remove(pending: Pending): void {
    pending.timer?.cancel();
    const queue = this.#queue(pending.frame.type);
    const at = queue.indexOf(pending);
    if (at >= 0) queue.splice(at, 1);
  }
}

function isAnswer<T extends RequestType>(request: OutgoingFrame, frame: ServerFrame): frame is AnswerTo<T> {
  const answers: Readonly<Record<string, readonly string[]>> = ANSWERS;
  if (!answers[request.type]?.includes(frame.type)) return false;
  // A late answer about another channel or user is not this one's; a channel that is being made has only its title yet.
  if ('channelId' in request && 'channelId' in frame) return request.channelId === frame.channelId;
  if ('username' in request && 'username' in frame) return sameUser(request.username, frame.username);
  if ('userInviteCode' in request && 'inviteCode' in frame) return sameCode(request.userInviteCode, frame.inviteCode);
  return !(request.type === 'CREATE_REQUEST' && 'title' in frame) || request.title === frame.title;
}

const sameCode = (a: string, b: string): boolean => a.toLowerCase() === b.toLowerCase();
