import { z } from 'zod';
import { DeployError } from '../errors.js';
import type { Certificate } from '../native/certificate.js';

const Address = z.string().regex(/^[^\s:]+:\d{1,5}$/, 'expected host:port');
const Port = z.coerce.number().int().min(1).max(65535);

const AgentEnvironment = z
  .object({
    /** Consul's HTTP addresses, tried in this order. */
    CONSUL_URLS: z
      .string()
      .transform((text) => text.split(','))
      .pipe(z.array(z.url()).min(1)),
    /** Id of the registration in Consul. */
    NGINX_ID: z.string().min(1),
    NGINX_NAME: z.string().min(1),
    NGINX_LISTEN: Address,
    NGINX_TEMPLATE: z.string().min(1),
    NGINX_WEB_ROOT: z.string().min(1),
    NGINX_STATE_DIR: z.string().min(1),
    /** Files in PEM form; with them only HTTPS is served. */
    NGINX_TLS_CERTIFICATE: z.string().optional(),
    NGINX_TLS_KEY: z.string().optional(),
    NGINX_WORKERS: z.coerce.number().int().min(1).max(64).default(2),
    NGINX_CONNECTIONS: z.coerce.number().int().min(64).max(1_000_000).default(16_384),
    /** Address and port that clients should use. */
    ADVERTISE_HOST: z.string().min(1),
    ADVERTISE_PORT: Port,
    /** Where Consul checks that the balancer takes connections. */
    CHECK_ADDRESS: Address,
  })
  .refine(({ NGINX_TLS_CERTIFICATE, NGINX_TLS_KEY }) => !NGINX_TLS_CERTIFICATE === !NGINX_TLS_KEY, {
    message: 'NGINX_TLS_CERTIFICATE and NGINX_TLS_KEY go together',
    path: ['NGINX_TLS_KEY'],
  });
export type AgentConfig = Readonly<z.infer<typeof AgentEnvironment>>;

/** The files to serve HTTPS with; undefined for plain HTTP. An empty variable counts as absent. */
export function tlsOf({
  NGINX_TLS_CERTIFICATE: certificate,
  NGINX_TLS_KEY: key,
}: AgentConfig): Certificate | undefined {
  return certificate && key ? { certificate, key } : undefined;
}

export function loadAgentConfig(environment: NodeJS.ProcessEnv): AgentConfig {
  const parsed = AgentEnvironment.safeParse(environment);
  if (!parsed.success) throw new DeployError(`invalid configuration\n${z.prettifyError(parsed.error)}`);
  return parsed.data;
}
