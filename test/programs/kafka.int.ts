import { randomUUID } from 'node:crypto';
import { DEAD_LETTER_TOPIC, topicLayout } from '@parley/contracts';
import { BatchingProducer, createKafka, KafkaAdmin, kafkaEnv, kafkaOptionsFrom, silentLog } from '@parley/kafka';
import { loadConfig } from '@parley/platform';
import { runProgram } from '@parley/testing';
import { z } from 'zod';

describe('the program that creates topics', () => {
  const program = 'libs/kafka/dist/create-topics.main.js';

  it('names every topic, and changes nothing the second time', async () => {
    expect(await runProgram(program)).toMatchObject({ code: 0 });
    const { code, stdout } = await runProgram(program);
    expect(code).toBe(0);
    expect(stdout.trim().split('\n')).toEqual(topicLayout.map(({ name }) => expect.stringMatching(`^${name}: `)));
    expect(stdout).not.toContain('created');
  }, 120_000);

  it('gives each topic as many partitions as agreed', async () => {
    expect(await runProgram(program)).toMatchObject({ code: 0 });
    const config = loadConfig(z.object(kafkaEnv));
    const admin = new KafkaAdmin(createKafka(kafkaOptionsFrom(config, 'test'), silentLog));
    for (const { name, partitions } of topicLayout) {
      const found = await admin.endOffsets(name);
      expect([name, found.size]).toEqual([name, partitions === 'configured' ? config.KAFKA_PARTITIONS : partitions]);
    }
  }, 60_000);

  it('ends with the name of a setting that is wrong', async () => {
    const { code, stderr } = await runProgram(program, { KAFKA_PARTITIONS: 'many' });
    expect([code, stderr]).toEqual([1, expect.stringMatching(/cannot create topics:[\s\S]*KAFKA_PARTITIONS/)]);
  }, 60_000);
});

describe('the program that shows dead letters', () => {
  const program = 'libs/kafka/dist/show-dead-letters.main.js';

  it('prints each as a line with its origin and reason', async () => {
    const kafka = createKafka(kafkaOptionsFrom(loadConfig(z.object(kafkaEnv)), 'programs-test'), silentLog);
    const producer = new BatchingProducer({ kafka });
    const key = randomUUID();
    await producer.send(DEAD_LETTER_TOPIC, {
      key,
      value: 'spoilt 🥛',
      headers: { 'dead-letter-topic': 'message-relay', 'dead-letter-reason': 'unreadable', trace: 'r1' },
    });
    await producer.close();
    const { code, stdout } = await runProgram(program);
    const letters = stdout
      .trim()
      .split('\n')
      .map((line): unknown => JSON.parse(line));
    expect(code).toBe(0);
    expect(letters).toContainEqual({
      at: expect.stringMatching(/^\d{4}-.*Z$/) as unknown,
      topic: 'message-relay',
      reason: 'unreadable',
      key,
      value: 'spoilt 🥛',
    });
  }, 120_000);

  it('ends with the name of a setting that is wrong', async () => {
    const { code, stderr } = await runProgram(program, { KAFKA_BROKERS: '' });
    expect([code, stderr]).toEqual([1, expect.stringMatching(/cannot show dead letters:[\s\S]*KAFKA_BROKERS/)]);
  }, 60_000);
});
