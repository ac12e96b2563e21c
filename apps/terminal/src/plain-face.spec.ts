import { PassThrough } from 'node:stream';
import { readerGone } from './plain-face.js';

it('takes it for the end when nobody reads any more, however much is still said', async () => {
  const output = new PassThrough();
  // As standard output does with each line.
  const fail = (): boolean => output.emit('error', new Error('write EPIPE'));
  const gone = readerGone(output);
  fail();
  await gone;
  expect(fail).not.toThrow();
});
