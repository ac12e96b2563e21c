import { createKafka } from './kafka-handle.js';

it('logs a broker that cannot be reached once, however often it is tried', async () => {
  const lines: string[] = [];
  const note = (_: object, text: string): void => void lines.push(text);
  const kafka = createKafka(
    { brokers: ['127.0.0.1:1'], clientId: 'test' },
    { debug: () => undefined, info: note, warn: note, error: note },
  );
  for (let i = 0; i < 3; i += 1) {
    const admin = kafka.client({ retry: { retries: 0 } }).admin();
    await expect(admin.connect()).rejects.toThrow('connect ECONNREFUSED');
  }
  const refusals = lines.filter((line) => line.includes('Connection error'));
  expect(refusals.length).toBeGreaterThan(0);
  expect(new Set(refusals).size).toBe(refusals.length);
});
