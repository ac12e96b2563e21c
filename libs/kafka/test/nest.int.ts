import { jest } from '@jest/globals';
import {
  Controller,
  type ExecutionContext,
  Injectable,
  type CallHandler,
  type NestInterceptor,
  UseInterceptors,
} from '@nestjs/common';
import { EventPattern } from '@nestjs/microservices';
import { Test } from '@nestjs/testing';
import type { Observable } from 'rxjs';
import { BatchHandler, DependencyUnavailable, type InboundRecord } from '../src/index.js';
import { KafkaFixture, until } from './fixture.js';

jest.setTimeout(60_000);

const TOPIC = 'parley-kafka-nest-test';
const seen: string[] = [];
const calls: unknown[][] = [];

@Injectable()
class Passing implements NestInterceptor {
  intercept(_: ExecutionContext, next: CallHandler): Observable<unknown> {
    return next.handle();
  }
}

@Controller()
class Reading {
  #away = 5;

  @UseInterceptors(Passing)
  @BatchHandler(TOPIC)
  async read(...args: unknown[]): Promise<void> {
    calls.push(args);
    if (this.#away-- > 0) throw new DependencyUnavailable('the database is away');
    await new Promise((resolve) => setTimeout(resolve, 50));
    const records = args[0];
    if (Array.isArray(records)) seen.push(...records.map(({ value }: InboundRecord) => value.toString()));
  }
}

@Controller()
class Careless {
  @EventPattern(TOPIC)
  read(records: InboundRecord[]): number {
    return records.length;
  }
}

let kafka: KafkaFixture;
beforeEach(async () => {
  kafka = await KafkaFixture.open();
});
afterEach(async () => kafka.close());

describe('as a Nest transport', () => {
  it('awaits a controller, sees what it throws, and passes records as the only argument', async () => {
    await kafka.admin.ensureTopic(TOPIC, { partitions: 1, replicationFactor: 1 });
    const deadLetterTopic = await kafka.topic();
    const consumer = kafka.consumer({
      groupId: `${TOPIC}-${Date.now()}`,
      startFrom: 'latest',
      maxAttempts: 2,
      deadLetterTopic,
    });
    const module = await Test.createTestingModule({ controllers: [Reading] }).compile();
    const app = module.createNestMicroservice({ strategy: consumer });
    await app.listen();
    await kafka.producer.send(TOPIC, { key: 'k', value: 'hello' });
    await until('it was read', () => seen.length === 1);
    expect(seen).toEqual(['hello']);
    expect(calls).toHaveLength(6);
    expect(calls.every((args) => args.length === 1)).toBe(true);
    expect((await kafka.admin.endOffsets(deadLetterTopic)).get(0)).toBe(0n);
    await app.close();
    expect(consumer.ready()).toBe(false);
    await kafka.admin.deleteTopic(TOPIC);
  });

  it('does not start with a handler whose errors Nest would hide', async () => {
    const consumer = kafka.consumer({ groupId: 'careless' });
    const module = await Test.createTestingModule({ controllers: [Careless] }).compile();
    const app = module.createNestMicroservice({ strategy: consumer });
    await expect(app.listen()).rejects.toThrow('@BatchHandler');
    await app.close();
  });
});
