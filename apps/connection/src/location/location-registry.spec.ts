import { createLogger, Metrics } from '@parley/platform';
import { userId, type UserId } from '@parley/protocol';
import { fakeSocket } from '../../test/fake-socket.js';
import { ConnectionMetrics } from '../server/connection.metrics.js';
import { OpenSockets } from '../socket/open-sockets.js';
import { LocationRegistry } from './location-registry.js';

const ANN = userId(5);
const BOB = userId(6);

/** A Redis in the hands of the test: it answers when told to. */
class ScriptedStore {
  /** What was asked for, in order. */
  readonly asked: string[] = [];
  private readonly unanswered: PromiseWithResolvers<void>[] = [];

  put(user: UserId): Promise<void> {
    return this.ask(`put ${user}`);
  }

  remove(user: UserId): Promise<void> {
    return this.ask(`remove ${user}`);
  }

  /** Answers all that is under way, and waits for what follows from it. */
  async answer(failure?: Error): Promise<void> {
    for (const { resolve, reject } of this.unanswered.splice(0)) {
      if (failure === undefined) resolve();
      else reject(failure);
    }
    await new Promise(setImmediate);
  }

  private ask(what: string): Promise<void> {
    this.asked.push(what);
    const answer = Promise.withResolvers<void>();
    this.unanswered.push(answer);
    return answer.promise;
  }
}

function setUp() {
  const store = new ScriptedStore();
  const sockets = new OpenSockets();
  const metrics = new ConnectionMetrics(new Metrics('connection'));
  const said: string[] = [];
  const log = Object.assign(createLogger({ service: 'connection', instance: '1', level: 'silent' }), {
    warn: (_fields: object, text: string) => void said.push(text),
    info: (text: string) => void said.push(text),
  });
  const registry = new LocationRegistry(sockets, store, { locationTtlSeconds: 5 }, metrics, log);
  const open = (id: string, user: number) => {
    const { socket } = fakeSocket({ id, user });
    sockets.add(socket);
    registry.changed(socket.userId);
    return () => {
      sockets.remove(socket);
      registry.changed(socket.userId);
    };
  };
  const skipped = async () => (await metrics.locationsSkipped.get()).values[0]?.value;
  return { store, registry, open, said, skipped };
}

describe('the location registry', () => {
  it('has an entry of a user until the last of the sockets has closed', async () => {
    const { store, open } = setUp();
    const closeFirst = open('a', ANN);
    await store.answer();
    const closeSecond = open('b', ANN);
    await store.answer();
    closeFirst();
    await store.answer();
    closeSecond();
    await store.answer();
    expect(store.asked).toEqual(['put 5', 'put 5', 'put 5', 'remove 5']);
  });

  it('says what is true in the end, one word after the other, when a user comes and goes at once', async () => {
    const { store, open } = setUp();
    open('a', ANN)();
    open('b', ANN)();
    expect(store.asked).toEqual(['put 5']);
    await store.answer();
    expect(store.asked).toEqual(['put 5', 'remove 5']);
  });

  it('goes on with others when one entry was not taken', async () => {
    const { store, open, said, skipped } = setUp();
    open('a', ANN);
    await store.answer(new Error('away'));
    open('b', BOB);
    await store.answer();
    expect(store.asked).toEqual(['put 5', 'put 6']);
    expect(await skipped()).toBe(1);
    expect(said).toEqual([
      'Redis does not take where users are connected, will keep trying',
      'Redis takes again where users are connected',
    ]);
  });

  it('says once that Redis is away, and has no more than one batch waiting for it', async () => {
    const { store, open, said, skipped } = setUp();
    for (let user = 1; user <= 600; user++) open(`s${user}`, user);
    await store.answer();
    expect(store.asked).toHaveLength(257);
    await store.answer(new Error('away'));
    expect(store.asked).toHaveLength(257);
    expect(await skipped()).toBe(599);
    expect(said).toHaveLength(1);
  });

  it('stops although Redis does not answer', async () => {
    const { registry, open } = setUp();
    open('a', ANN)();
    await registry.stop();
  });
});
