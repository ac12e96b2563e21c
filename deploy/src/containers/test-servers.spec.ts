import { jest } from '@jest/globals';
import { DeployError } from '../errors.js';
import { chooseBackend, wantedBackend, type TestServers } from './backend.js';
import { startTestServers } from './test-servers.js';

// Whoever runs the tests may have set it.
delete process.env['PARLEY_TEST_SERVERS'];

describe('what runs the servers of tests', () => {
  it('is containers where a container engine answers, and the native runner otherwise', async () => {
    expect(await chooseBackend(undefined, async () => true)).toBe('docker');
    expect(await chooseBackend(undefined, async () => false)).toBe('native');
  });

  it('is what PARLEY_TEST_SERVERS says, without asking for an engine', async () => {
    const asked = jest.fn(async () => true);
    expect(await chooseBackend(wantedBackend('native'), asked)).toBe('native');
    expect(await chooseBackend(wantedBackend('docker'), asked)).toBe('docker');
    expect(asked).not.toHaveBeenCalled();
  });

  it('is left open by an empty PARLEY_TEST_SERVERS and refused by an unknown one', () => {
    expect(wantedBackend('')).toBeUndefined();
    expect(() => wantedBackend('podman')).toThrow(
      new DeployError('PARLEY_TEST_SERVERS is "podman": set it to native or docker, or leave it out'),
    );
  });
});

describe('an engine that answers but cannot run the containers', () => {
  const broken = new DeployError('the container kafka-1 does not start: no space left');
  const native: TestServers = { env: {}, stop: async () => undefined };
  const backends = {
    native: async () => native,
    docker: async (): Promise<TestServers> => {
      throw broken;
    },
  };

  it('is passed over with a word why, when it was not asked for', async () => {
    const progress = jest.fn();
    const engine = async () => true;
    expect(await startTestServers({ stateDir: '/unused', progress }, undefined, backends, engine)).toBe(native);
    expect(progress).toHaveBeenCalledWith(`${broken.message}; the native runner takes over`);
  });

  it('is an error when it was asked for', async () => {
    await expect(startTestServers({ stateDir: '/unused' }, 'docker', backends)).rejects.toBe(broken);
  });
});
