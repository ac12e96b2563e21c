import { z } from 'zod';
import { createLogger, type Log } from './log.js';
import { NestLog } from './nest-log.js';

const Line = z.record(z.string(), z.unknown());

const capture = () => {
  const lines: string[] = [];
  const log = createLogger({
    service: 'auth',
    instance: '2',
    level: 'info',
    destination: { write: (line) => void lines.push(line) },
  });
  return { log, text: () => lines.join(''), lines: () => lines.map((line) => Line.parse(JSON.parse(line))) };
};

describe('createLogger', () => {
  it('writes one JSON object per line with time, service and instance', () => {
    const { log, lines } = capture();
    log.info({ channelId: 5 }, 'stored');
    log.debug('below the level');
    expect(lines()).toEqual([
      {
        level: 'info',
        time: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/),
        service: 'auth',
        instance: '2',
        channelId: 5,
        text: 'stored',
      },
    ]);
  });

  it('leaves out what is private', () => {
    const { log, text } = capture();
    const hush = 'hush';
    log.info({ password: hush, body: { password: hush }, frame: { message: { content: hush } } }, 'x');
    log.info({ request: { headers: { cookie: hush, authorization: hush, 'set-cookie': hush } } }, 'x');
    log.child({ content: hush }).info('x');
    expect(text()).not.toContain(hush);
  });

  it('keeps what explains an error and drops the parameters that drivers attach', () => {
    const { log, lines, text } = capture();
    const cause = Object.assign(new Error('refused'), { code: 'ECONNREFUSED' });
    const err = Object.assign(new Error('insert failed', { cause }), { parameters: ['hush'], query: 'INSERT hush' });
    log.error({ err }, 'x');
    expect(lines()[0]).toMatchObject({
      err: { type: 'Error', message: 'insert failed', cause: { message: 'refused', code: 'ECONNREFUSED' } },
    });
    expect(text()).not.toContain('hush');
  });
});

describe('NestLog', () => {
  it('turns the arguments of Nest into fields', () => {
    const { log, lines } = capture();
    const nest = new NestLog(log);
    nest.log('Mapped {/health, GET} route', 'RouterExplorer');
    nest.log('listening', 'Gateway');
    nest.error('broken', 'Error: broken\n    at here', 'Gateway');
    nest.error(new Error('thrown'), 'Gateway');
    expect(lines()).toMatchObject([
      { level: 'info', context: 'Gateway', text: 'listening' },
      { level: 'error', context: 'Gateway', text: 'broken', stack: 'Error: broken\n    at here' },
      { level: 'error', context: 'Gateway', text: 'thrown', err: { message: 'thrown' } },
    ]);
  });

  it('keeps the level that Nest gives, and tells of its own start only when asked for more', () => {
    const calls: string[] = [];
    const level = (name: string) => (details: object | string, text?: string) =>
      void calls.push(`${name} ${text ?? ''} ${JSON.stringify(details)}`);
    const target: Partial<Log> = {
      trace: level('trace'),
      debug: level('debug'),
      warn: level('warn'),
      fatal: level('fatal'),
    };
    const nest = new NestLog(target as Log);
    nest.log('started', 'NestFactory');
    nest.debug('more', 'Gateway');
    nest.verbose('most', 'Gateway');
    nest.warn({ odd: 1 }, 'Gateway');
    nest.fatal(undefined, 'a\nb');
    expect(calls).toEqual([
      'debug started {"context":"NestFactory"}',
      'debug more {"context":"Gateway"}',
      'trace most {"context":"Gateway"}',
      'warn {"odd":1} {"context":"Gateway"}',
      'fatal  {}',
    ]);
  });
});
