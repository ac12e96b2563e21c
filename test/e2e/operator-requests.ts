import { get, runningSystem } from '@parley/testing';

export async function readiness(
  server: string,
): Promise<{ status: number; checks: Record<string, { state: string }> }> {
  const response = await get(server, '/health/ready');
  const { checks } = (await response.json()) as { checks: Record<string, { state: string }> };
  return { status: response.status, checks };
}

interface CatalogEntry {
  readonly ServiceID: string;
  readonly ServiceAddress: string;
  readonly ServicePort: number;
}

/** What Consul knows of a service. */
export async function catalog(service: string): Promise<CatalogEntry[]> {
  const [consul] = (await runningSystem()).stack.urls.consul;
  if (consul === undefined) throw new Error('The system under test has no Consul');
  return (await get(consul, `/v1/catalog/service/${service}`)).json() as Promise<CatalogEntry[]>;
}
