import { createServer } from 'node:net';
import { runProgram } from '@parley/testing';

const services = ['auth', 'connection', 'message', 'push'].map((name) => [name, `apps/${name}/dist/main.js`] as const);

describe.each(services)('the %s service', (_name, program) => {
  it('does not start with a setting that is wrong, and names it', async () => {
    const { code, stderr } = await runProgram(program, { HTTP_PORT: '0', CONSUL_URLS: '', SERVICE_ID: 'No spaces!' });
    expect(code).not.toBe(0);
    expect(stderr).toMatch(/cannot start, wrong configuration\n[\s\S]*SERVICE_ID/);
  }, 60_000);

  it('does not start on a port that is taken, and says what to do', async () => {
    const neighbour = createServer();
    const port = await new Promise<number>((resolve) => {
      neighbour.listen(0, '127.0.0.1', () => {
        const address = neighbour.address();
        resolve(address !== null && typeof address === 'object' ? address.port : 0);
      });
    });
    const { code, stdout } = await runProgram(program, { HTTP_PORT: `${port}`, CONSUL_URLS: '', SERVICE_ID: 'taken' });
    await new Promise((resolve) => neighbour.close(resolve));
    expect(code).not.toBe(0);
    expect(stdout).toContain(`port ${port} on 127.0.0.1 is taken: free it or set HTTP_PORT`);
  }, 60_000);
});
