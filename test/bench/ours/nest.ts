import { Controller, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { BatchConsumer, BatchHandler, BatchingProducer, createKafka, type InboundRecord } from '@parley/kafka';
import type { StepCost } from './writes.ts';
import { cpuOf } from '../cpu.ts';
import { quiet } from './quiet.ts';

const TOPIC = 'bench';
const MESSAGES = 40_000;
const DONE = { settled: Promise.resolve() };

class Handler {
  seen = 0;

  async handle(records: readonly InboundRecord[]): Promise<typeof DONE> {
    this.seen += records.length;
    return DONE;
  }
}

class Handlers {}

// By hand, as these programs run without a compiler that knows decorators.
const handle = Object.getOwnPropertyDescriptor(Handler.prototype, 'handle');
if (handle !== undefined) BatchHandler(TOPIC)(Handler.prototype, 'handle', handle);
Controller()(Handler);
Module({ controllers: [Handler] })(Handlers);

/** From the consumer to the method of a controller through Nest, beside calling the method. */
export async function nest(size: number): Promise<StepCost> {
  const kafka = createKafka({ brokers: ['127.0.0.1:1'], clientId: 'bench' }, quiet);
  const strategy = new BatchConsumer({
    kafka,
    groupId: 'bench',
    startFrom: 'latest',
    producer: new BatchingProducer({ kafka }),
    log: quiet,
  });
  // It is set up like that of a service, and never begins to listen.
  const app = await NestFactory.createMicroservice(Handlers, { strategy, logger: false });
  await app.init();
  try {
    const through = strategy.getHandlerByPattern(TOPIC);
    if (through === null) throw new Error('Nest has not found the handler');
    const direct = new Handler();
    const record: InboundRecord = {
      topic: TOPIC,
      partition: 0,
      offset: 0n,
      key: null,
      value: Buffer.alloc(300),
      headers: {},
      timestamp: 0,
    };
    const batches = (): InboundRecord[][] =>
      Array.from({ length: Math.max(2_000, MESSAGES / size) }, () => Array<InboundRecord>(size).fill(record));
    return {
      ours: await cpuOf(batches, size, (batch) => through(batch)),
      bound: await cpuOf(batches, size, (batch) => direct.handle(batch)),
    };
  } finally {
    await app.close();
  }
}
