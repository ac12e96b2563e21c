/** What an orderly stop touches. */
export interface Stoppable {
  readonly health: { markStopping(): void };
  readonly registration: { stop(): Promise<void> };
  readonly app: { close(): Promise<void> };
}

/** First nobody sends work here any more, then the hooks of the service finish what it has and close connections. */
export async function stopInOrder({ health, registration, app }: Stoppable): Promise<void> {
  health.markStopping();
  await registration.stop();
  await app.close();
}
