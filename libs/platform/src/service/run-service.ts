import type { z } from 'zod';
import type { ServiceConfig } from '../config/base-env.js';
import { ConfigurationError, loadConfig } from '../config/load-config.js';
import { whyRefused } from '../health/why-refused.js';
import { createLogger, type Log } from '../logging/log.js';
import { startService, type RunningService, type ServiceDefinition } from './service.js';

/** As in sysexits.h: the configuration is wrong, starting again would not help. */
const EXIT_BAD_CONFIGURATION = 78;
const EXIT_FAILURE = 1;

/**
 * The whole life of a service's process: reads the configuration, starts, serves until SIGTERM or SIGINT, stops in
 * order. Exit codes: 0 after an orderly stop, 78 for a wrong configuration, 1 for everything else.
 */
export async function runService<S extends z.ZodObject & z.ZodType<ServiceConfig>>(
  definition: ServiceDefinition<S>,
): Promise<void> {
  const config = configOrExit(definition);
  const log = createLogger({ service: definition.name, instance: config.SERVICE_ID, level: config.LOG_LEVEL });
  exitOnUnexpectedErrors(log);
  const started = startService(definition, config);
  stopOnSignals(started, config.SHUTDOWN_SECONDS, log);
  try {
    await started;
  } catch (error) {
    // What several variables say together is looked at when they are used.
    if (error instanceof ConfigurationError) exitOnConfiguration(definition.name, error);
    exitAfterFailedStart(error, config, log);
  }
}

function configOrExit<S extends z.ZodObject & z.ZodType<ServiceConfig>>({ name, schema }: ServiceDefinition<S>) {
  try {
    return loadConfig(schema);
  } catch (error) {
    if (error instanceof ConfigurationError) exitOnConfiguration(name, error);
    throw error;
  }
}

function exitOnConfiguration(name: string, { message }: ConfigurationError): never {
  process.stderr.write(`${name}: cannot start, wrong configuration\n${message}\n`);
  process.exit(EXIT_BAD_CONFIGURATION);
}

function exitAfterFailedStart(error: unknown, config: ServiceConfig, log: Log): never {
  if (error instanceof Error && 'code' in error && error.code === 'EADDRINUSE') {
    log.fatal(`port ${config.HTTP_PORT} on ${config.HTTP_HOST} is taken: free it or set HTTP_PORT`);
  } else {
    log.fatal({ err: error }, whyRefused(error) ?? 'cannot start');
  }
  process.exit(EXIT_FAILURE);
}

/** A state nobody thought of is left by dying: the supervisor starts a clean process, Kafka redelivers. */
function exitOnUnexpectedErrors(log: Log): void {
  process.on('uncaughtException', (err, origin) => {
    log.fatal({ err, origin }, 'unexpected error');
    process.exit(EXIT_FAILURE);
  });
}

function stopOnSignals(started: Promise<RunningService>, seconds: number, log: Log): void {
  let isStopping = false;
  const onSignal = (signal: NodeJS.Signals): void => {
    if (isStopping) {
      log.warn({ signal }, 'told to stop again, leaving at once');
      process.exit(EXIT_FAILURE);
    }
    isStopping = true;
    log.info({ signal }, 'stopping');
    void stopAndExit(started, seconds, log);
  };
  process.on('SIGTERM', onSignal).on('SIGINT', onSignal);
}

async function stopAndExit(started: Promise<RunningService>, seconds: number, log: Log): Promise<never> {
  // Counts from the signal on: a start that hangs must not hold up the stop either.
  setTimeout(() => {
    log.fatal({ seconds }, 'the orderly stop took too long, leaving');
    process.exit(EXIT_FAILURE);
  }, seconds * 1_000);
  try {
    const service = await started;
    await service.stop();
  } catch (err) {
    log.fatal({ err }, 'cannot stop in order');
    process.exit(EXIT_FAILURE);
  }
  log.info('stopped');
  process.exit(0);
}
