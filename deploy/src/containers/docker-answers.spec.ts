import { engineAddresses } from './docker-answers.js';

describe('a container engine', () => {
  it('is looked for only where DOCKER_HOST says', () => {
    expect(engineAddresses({ DOCKER_HOST: 'tcp://engine:2375' })).toEqual([{ host: 'engine', port: 2375 }]);
    expect(engineAddresses({ DOCKER_HOST: 'tcp://engine' })).toEqual([{ host: 'engine', port: 2375 }]);
    expect(engineAddresses({ DOCKER_HOST: 'unix:///some/docker.sock' })).toEqual([{ socketPath: '/some/docker.sock' }]);
  });

  it('is not looked for where plain HTTP does not lead', () => {
    expect(engineAddresses({ DOCKER_HOST: 'ssh://engine' })).toEqual([]);
    expect(engineAddresses({ DOCKER_HOST: 'engine' })).toEqual([]);
  });

  it('is looked for at the usual sockets when DOCKER_HOST is not set', () => {
    const sockets = engineAddresses({ HOME: '/home/me', XDG_RUNTIME_DIR: '/run/me' });
    expect(sockets.map(({ socketPath }) => socketPath)).toEqual([
      '/var/run/docker.sock',
      '/run/me/docker.sock',
      '/home/me/.docker/run/docker.sock',
      '/home/me/.docker/desktop/docker.sock',
    ]);
  });
});
