import { applyDecorators, Catch, type ExceptionFilter, UseFilters } from '@nestjs/common';
import { EventPattern } from '@nestjs/microservices';
import { throwError, type Observable } from 'rxjs';

/** Found in the extras of handlers whose failures arrive as they were thrown. */
export const FAITHFUL = 'parley:faithful';

/** Nest replaces what a handler throws by a general text; retrying needs the error itself. */
@Catch()
class RethrowFilter implements ExceptionFilter {
  catch(error: unknown): Observable<never> {
    return throwError(() => error);
  }
}

/**
 * Makes a controller's method the handler of a topic. It gets `InboundRecord[]`, in order within each partition, and
 * its promise resolves when all their effects are done, or with `OnTheWay` when the next batch need not wait for the last
 * of them.
 * @param consumer for a service with several BatchConsumers: the `transportId` of the one that reads this topic
 */
export function BatchHandler(topic: string, consumer?: symbol): MethodDecorator {
  const extras = { [FAITHFUL]: true };
  const pattern =
    consumer === undefined ? EventPattern<string>(topic, extras) : EventPattern<string>(topic, consumer, extras);
  return applyDecorators(pattern, UseFilters(new RethrowFilter()));
}
