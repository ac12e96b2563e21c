import { jest } from '@jest/globals';
import { Module } from '@nestjs/common';
import { z } from 'zod';
import { serviceEnv } from '../config/base-env.js';
import { ConfigurationError } from '../config/load-config.js';
import { runService } from './run-service.js';
import type { ServiceDefinition } from './service.js';

@Module({})
class Nothing {}

class Exited extends Error {}

const WATCHED = ['uncaughtException', 'SIGTERM', 'SIGINT'] as const;
const given = { HTTP_PORT: '0', LOG_LEVEL: 'silent', SERVICE_ID: '1' };

describe('the process of a service', () => {
  const codes: unknown[] = [];
  let said = '';
  const environment = { ...process.env };
  const before = new Map(WATCHED.map((event) => [event, process.rawListeners(event)] as const));

  beforeEach(() => {
    codes.length = 0;
    said = '';
    Object.assign(process.env, given);
    jest.spyOn(process, 'exit').mockImplementation((code) => {
      codes.push(code);
      throw new Exited();
    });
    jest.spyOn(process.stderr, 'write').mockImplementation((text) => {
      said += String(text);
      return true;
    });
  });
  afterEach(() => {
    jest.restoreAllMocks();
    process.env = { ...environment };
    for (const event of WATCHED) {
      for (const listener of process.rawListeners(event)) {
        if (before.get(event)?.includes(listener) !== true) process.off(event, listener as () => void);
      }
    }
  });

  const run = (module: ServiceDefinition<z.ZodObject<typeof serviceEnv>>['module']) =>
    runService({ name: 'sample', schema: z.object(serviceEnv), module });

  it('ends with 78 and names the variables when its configuration is wrong', async () => {
    process.env['HTTP_PORT'] = 'eighty';
    await expect(run(() => Nothing)).rejects.toThrow(Exited);
    expect(codes).toEqual([78]);
    expect(said).toMatch(/^sample: cannot start, wrong configuration\nHTTP_PORT: needs a whole number/);
  });

  it('ends with 78 also when only the parts together find out', async () => {
    const module = () => Promise.reject(new ConfigurationError(['A and B: do not fit']));
    await expect(run(module)).rejects.toThrow(Exited);
    expect([codes, said]).toEqual([[78], 'sample: cannot start, wrong configuration\nA and B: do not fit\n']);
  });

  it.each([
    ['for any reason', new Error('no')],
    ['because its port is taken', Object.assign(new Error('listen'), { code: 'EADDRINUSE' })],
    ['because it is not let in', Object.assign(new Error('no'), { code: 'ER_ACCESS_DENIED_ERROR' })],
  ])('ends with 1 when it cannot start %s', async (_, error) => {
    await expect(run(() => Promise.reject(error))).rejects.toThrow(Exited);
    expect([codes, said]).toEqual([[1], '']);
  });

  it('does not take a mistake of ours for a wrong configuration', async () => {
    const schema = z.object(serviceEnv).transform(() => {
      throw new Error('a mistake');
    });
    const definition = { name: 'sample', schema, module: () => Nothing } as unknown as Parameters<typeof runService>[0];
    await expect(runService(definition)).rejects.not.toThrow(Exited);
    expect(codes).toEqual([]);
  });
});
