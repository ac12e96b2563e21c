import { readFile } from 'node:fs/promises';
import { inWorkspace } from '../workspace.js';
import { renderConfig, type Instances } from './render.js';

const template = await readFile(inWorkspace('nginx', 'nginx.conf.template'), 'utf8');
const settings = {
  stateDir: '/state/nginx-1',
  webRoot: '/web',
  listen: '127.0.0.1:18080',
  tls: '',
  user: 'user someone;',
  workers: 2,
  connections: 16384,
  openFiles: 20000,
  mimeTypes: '/etc/nginx/mime.types',
};
const nobody: Instances = { auth: [], push: [], connection: [] };
const rendered = (instances: Partial<Instances>) => renderConfig(template, settings, { ...nobody, ...instances });

/** The text of the location for a path. */
const location = (config: string, path: string): string =>
  new RegExp(`location ${path} \\{([^}]*)\\}`).exec(config)?.[1] ?? '';

describe('the nginx configuration', () => {
  it('leaves no placeholder behind', () => {
    expect(rendered({ auth: ['127.0.0.1:1'] })).not.toContain('${');
  });

  it('puts every healthy instance into its own upstream', () => {
    const config = rendered({ auth: ['127.0.0.1:18101', '127.0.0.1:18100'], connection: ['127.0.0.1:18120'] });
    expect(config).toMatch(/upstream auth \{\s+server 127\.0\.0\.1:18100 [^}]*server 127\.0\.0\.1:18101 /);
    expect(config).toMatch(/upstream connection \{\s+server 127\.0\.0\.1:18120 /);
    expect(location(config, '/api/')).toContain('proxy_pass http://auth;');
    expect(location(config, '/ws/')).toContain('proxy_pass http://connection;');
  });

  it('is the same whatever the order in which instances are reported, so that nothing is reloaded for it', () => {
    expect(rendered({ auth: ['a:1', 'b:2'] })).toBe(rendered({ auth: ['b:2', 'a:1'] }));
  });

  it('answers 503 where a service has no healthy instance', () => {
    const config = rendered({ auth: ['127.0.0.1:18100'] });
    expect(location(config, '/api/v1/push/')).toContain('return 503;');
    expect(config).not.toContain('upstream push');
  });

  it('empties Connection for REST, so that "Upgrade: h2c" requests stay plain', () => {
    const config = rendered({ auth: ['127.0.0.1:18100'], push: ['127.0.0.1:18160'] });
    for (const path of ['/api/', '/api/v1/push/']) {
      expect(location(config, path)).toContain('proxy_set_header Connection "";');
      expect(location(config, path)).not.toContain('Upgrade');
    }
  });

  it('keeps a silent socket open for a day', () => {
    expect(location(rendered({ connection: ['127.0.0.1:18120'] }), '/ws/')).toContain('proxy_read_timeout 86400s;');
  });

  it('never cuts the sockets of old workers after a reload', () => {
    expect(template).not.toContain('worker_shutdown_timeout');
  });

  it('takes no address that could write configuration', () => {
    expect(rendered({ auth: ['evil; } include /etc/passwd; #:1', '127.0.0.1:18100'] })).not.toContain('evil');
  });

  it.each(['127.0.0.1:65536', '127.0.0.1:0', '127.0.0.1'])('leaves out %s, which nginx would refuse', (address) => {
    expect(rendered({ auth: [address, '127.0.0.1:18100'] })).toBe(rendered({ auth: ['127.0.0.1:18100'] }));
  });

  it('tells browsers on every page what they may load, guess, frame and tell others', () => {
    const page = location(rendered({}), '/');
    expect(page).toMatch(/Content-Security-Policy "default-src 'self';[^"]*frame-ancestors 'none';[^"]*"/);
    expect(page).not.toMatch(/unsafe-(inline|eval)/);
    for (const header of ['X-Content-Type-Options nosniff', 'Referrer-Policy same-origin', 'Strict-Transport-Security'])
      expect(page).toContain(`add_header ${header}`);
  });

  it('refuses a template with a name it does not know', () => {
    expect(() => renderConfig('${nonsense}', settings, nobody)).toThrow('the nginx template uses ${nonsense}');
  });
});
