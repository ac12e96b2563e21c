import { Metrics } from './metrics.js';

describe('a counted metric', () => {
  it('shows the count of the moment, however often it is asked for', async () => {
    let sent = 1;
    const metrics = new Metrics('auth');
    metrics.counted('sent_total', 'What was sent.', () => sent);
    await metrics.metrics();
    sent = 5;
    expect(await metrics.metrics()).toContain('\nsent_total{service="auth"} 5\n');
  });
});
