import { runProgram } from '@parley/testing';

describe('the program that brings the schema up to date', () => {
  const program = 'libs/persistence/dist/migrate.main.js';

  it('does nothing to databases that are', async () => {
    await runProgram(program);
    const { code, stdout } = await runProgram(program);
    expect([code, stdout]).toEqual([0, expect.stringMatching(/^user-db: up to date\n(shard-\d+: up to date\n)+$/)]);
  }, 120_000);

  it('ends with the name of a setting that is wrong', async () => {
    const { code, stderr } = await runProgram(program, { USER_DB_SOURCE_URL: 'http://nowhere' });
    expect([code, stderr]).toEqual([1, expect.stringContaining('USER_DB_SOURCE_URL')]);
  }, 60_000);
});
