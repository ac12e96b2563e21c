import { z } from 'zod';
import { DeployError } from '../errors.js';

const Address = z.string().regex(/^[^\s:]+:\d{1,5}$/, 'expected host:port');
const Port = z.coerce.number().int().min(1).max(65535);

const AgentEnvironment = z.object({
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
  NGINX_WORKERS: z.coerce.number().int().min(1).max(64).default(2),
  NGINX_CONNECTIONS: z.coerce.number().int().min(64).max(1_000_000).default(16_384),
  /** Address and port that clients should use. */
  ADVERTISE_HOST: z.string().min(1),
  ADVERTISE_PORT: Port,
  /** Where Consul checks that the balancer takes connections. */
  CHECK_ADDRESS: Address,
});
export type AgentConfig = Readonly<z.infer<typeof AgentEnvironment>>;

export function loadAgentConfig(environment: NodeJS.ProcessEnv): AgentConfig {
  const parsed = AgentEnvironment.safeParse(environment);
  if (!parsed.success) throw new DeployError(`invalid configuration\n${z.prettifyError(parsed.error)}`);
  return parsed.data;
}
