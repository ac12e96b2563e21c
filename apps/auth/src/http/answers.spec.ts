import { BadRequestException, HttpException } from '@nestjs/common';
import { AUTH_TEXT, PATHS } from '@parley/protocol';
import { z } from 'zod';
import { answerTo } from './answers.js';
import { jsonBody } from './json-body.js';
import { InvalidRequest } from './refusals.js';

describe('the answer to a request that failed', () => {
  it.each([
    [PATHS.login, AUTH_TEXT.loginFailed],
    ['/api/v1/auth/elsewhere', AUTH_TEXT.unavailable],
  ])('at %s tells nothing of the reason and when to come again', (path, text) => {
    expect(answerTo(new Error('secret'), path)).toEqual({ status: 503, text, retryAfterSeconds: 2 });
  });

  it.each([
    ['a body that is no JSON', new BadRequestException('Unexpected token hush'), PATHS.register, 400],
    ['a body that is too long', new HttpException('hush', 413), PATHS.register, 413],
    ['an encoding that nobody knows', new HttpException('hush', 415), PATHS.register, 400],
    ['an encoding that nobody knows, at the login', new HttpException('hush', 415), PATHS.login, 401],
  ])('repeats nothing of %s', (_, error, path, status) => {
    const answer = answerTo(error, path);
    expect(answer.status).toBe(status);
    expect(answer.text).not.toContain('hush');
  });

  it('is the text of a refusal of ours', () => {
    expect(answerTo(new InvalidRequest('Username is taken.'), PATHS.register)).toEqual({
      status: 400,
      text: 'Username is taken.',
    });
  });
});

describe('a body', () => {
  const schema = z.object({ name: z.string('must be a text'), age: z.number('age must be a number') });
  const read = (body: unknown) => jsonBody(schema, { headers: {}, body });

  it('is read without what is not asked for', () => {
    expect(read({ name: 'ann', age: 3, more: 1 })).toEqual({ name: 'ann', age: 3 });
  });

  it.each([
    ['names the field', { age: 3 }, 'Name: must be a text.'],
    ['does not name it twice', { name: 'ann' }, 'Age must be a number.'],
    ['says that it is no object', ['ann'], AUTH_TEXT.notAnObject],
  ])('that is wrong %s', (_, body, text) => {
    expect(() => read(body)).toThrow(new InvalidRequest(text));
  });
});
