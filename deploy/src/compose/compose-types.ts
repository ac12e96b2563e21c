/** The part of the Compose file format that we write. */
export interface ComposeService {
  readonly image?: string;
  readonly build?: { readonly context: string; readonly dockerfile: string; readonly target: string };
  readonly init?: boolean;
  readonly profiles: readonly string[];
  readonly hostname?: string;
  readonly entrypoint?: readonly string[];
  readonly command?: readonly string[];
  readonly environment?: Readonly<Record<string, unknown>>;
  readonly ports?: readonly string[];
  readonly volumes?: readonly string[];
  readonly networks: Readonly<Record<string, { readonly ipv4_address: string } | null>>;
  readonly healthcheck?: {
    readonly test: readonly string[];
    readonly interval: string;
    readonly timeout: string;
    readonly retries: number;
    readonly start_period: string;
  };
  readonly depends_on?: Readonly<Record<string, { readonly condition: string }>>;
  readonly restart?: string;
  readonly stop_grace_period?: string;
}

export type ComposeServices = Readonly<Record<string, ComposeService>>;

export const healthcheck = (...test: string[]): NonNullable<ComposeService['healthcheck']> => ({
  test,
  interval: '3s',
  timeout: '5s',
  retries: 40,
  start_period: '5s',
});

export const whenHealthy = (names: readonly string[]) =>
  Object.fromEntries(names.map((name) => [name, { condition: 'service_healthy' }]));

export const whenDone = (names: readonly string[]) =>
  Object.fromEntries(names.map((name) => [name, { condition: 'service_completed_successfully' }]));
