/** No server could be reached: try another one, or later. */
export class Unreachable extends Error {
  override readonly name = 'Unreachable';
}

/** The server does not know the session (any more): log in again. */
export class SessionEnded extends Error {
  override readonly name = 'SessionEnded';
}

/**
 * Why a request has no answer: `refused` = the server's ERROR (its text is the message) or a limit checked here;
 * `unsent` = its turn did not come in time, so nothing has happened; `timeout` = nothing came; `disconnected` = the socket was lost meanwhile, so it may have happened or not;
 * `closed` = the client was closed or its session ended.
 */
export type RequestFailure = 'refused' | 'unsent' | 'timeout' | 'disconnected' | 'closed';

export class RequestError extends Error {
  override readonly name = 'RequestError';

  constructor(
    readonly requestType: string,
    readonly failure: RequestFailure,
    message: string,
  ) {
    super(message);
  }
}
