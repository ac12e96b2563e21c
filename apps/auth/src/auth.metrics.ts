import { Metrics } from '@parley/platform';
import { Injectable } from '@nestjs/common';
import { Counter } from 'prom-client';

/** Every reported number of this service, in one place. */
@Injectable()
export class AuthMetrics {
  readonly logins: Counter<'result'>;
  readonly registrations: Counter<'result'>;
  readonly unregistrations: Counter;
  readonly sessionsEnded: Counter;
  readonly failures: Counter<'path'>;

  constructor(metrics: Metrics) {
    const registers = [metrics];
    this.logins = new Counter({
      name: 'auth_logins_total',
      help: 'Attempts to log in: ok, wrong_credentials, or limited.',
      labelNames: ['result'],
      registers,
    });
    this.registrations = new Counter({
      name: 'auth_registrations_total',
      help: 'Attempts to register: ok, username_taken, or limited.',
      labelNames: ['result'],
      registers,
    });
    this.unregistrations = new Counter({ name: 'auth_unregistrations_total', help: 'Accounts removed.', registers });
    this.sessionsEnded = new Counter({
      name: 'auth_sessions_ended_total',
      help: 'Sessions ended before their time, by logout or unregistering.',
      registers,
    });
    this.failures = new Counter({
      name: 'auth_failures_total',
      help: 'Requests answered with 503 because something the service depends on was away.',
      labelNames: ['path'],
      registers,
    });
  }
}
