import { DeployError } from '../errors.js';

/** The services that nginx passes requests to. */
export const UPSTREAMS = ['auth', 'push', 'connection'] as const;
export type Upstream = (typeof UPSTREAMS)[number];

/** Healthy instances per service, as `host:port`. */
export type Instances = Readonly<Record<Upstream, readonly string[]>>;

export interface Settings {
  readonly stateDir: string;
  readonly webRoot: string;
  /** `address:port` to listen on, and how. */
  readonly listen: string;
  /** What encryption needs, as lines before the upstreams, or nothing. */
  readonly tls: string;
  /** The `user` directive, or nothing. */
  readonly user: string;
  readonly workers: number;
  readonly connections: number;
  readonly openFiles: number;
  readonly mimeTypes: string;
}

/** Addresses come from the network, and nginx's configuration is code: nothing else may get in. */
const ADDRESS = /^[A-Za-z0-9.:[\]_-]+:(\d{1,5})$/;

/** nginx refuses the whole configuration for one port that cannot be. */
function isValid(address: string): boolean {
  const port = Number(ADDRESS.exec(address)?.[1] ?? 0);
  return port >= 1 && port <= 65_535;
}

/** Requests to a service without a healthy instance are answered at once. */
const UNAVAILABLE = 'error_page 503 @unavailable; return 503;';

function upstreamBlock(name: Upstream, instances: readonly string[]): string {
  if (instances.length === 0) return `    # ${name}: no healthy instance`;
  const servers = instances.toSorted().map((address) => `        server ${address} max_fails=1 fail_timeout=2s;`);
  return [`    upstream ${name} {`, ...servers, '        keepalive 32;', '    }'].join('\n');
}

/** Fills the template; an unknown placeholder in it is an error rather than an nginx that does not start. */
export function renderConfig(template: string, settings: Settings, instances: Instances): string {
  const valid = Object.fromEntries(UPSTREAMS.map((name) => [name, instances[name].filter(isValid)]));
  const values: Record<string, string> = {
    ...Object.fromEntries(Object.entries(settings).map(([key, value]) => [key, String(value)])),
    upstreams: settings.tls + UPSTREAMS.map((name) => upstreamBlock(name, valid[name] ?? [])).join('\n'),
    ...Object.fromEntries(
      UPSTREAMS.map((name) => [`pass:${name}`, valid[name]?.length ? `proxy_pass http://${name};` : UNAVAILABLE]),
    ),
  };
  return template.replace(/\$\{([a-zA-Z:]+)\}/g, (_, key: string) => {
    const value = values[key];
    if (value === undefined) throw new DeployError(`the nginx template uses \${${key}}, which is unknown`);
    return value;
  });
}
