import { stopInOrder } from './stop-in-order.js';

/** A service whose parts write down when they are told to stop. */
const recorded = (over: { deregister?: () => Promise<void> } = {}) => {
  const order: string[] = [];
  const parts = {
    health: { markStopping: () => void order.push('not ready') },
    registration: {
      stop: async () => {
        await over.deregister?.();
        order.push('deregistered');
      },
    },
    app: {
      close: async () => {
        order.push('closed');
      },
    },
  };
  return { order, parts };
};

describe('stopInOrder', () => {
  it('turns work away before it closes anything', async () => {
    const { order, parts } = recorded();
    await stopInOrder(parts);
    expect(order).toEqual(['not ready', 'deregistered', 'closed']);
  });

  it('is not ready while it deregisters', async () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    const { order, parts } = recorded({ deregister: () => promise });
    const stopped = stopInOrder(parts);
    expect(order).toEqual(['not ready']);
    resolve();
    await stopped;
    expect(order.at(-1)).toBe('closed');
  });
});
