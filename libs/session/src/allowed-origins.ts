/**
 * Which web pages may speak for who visits them. Browsers send cookies along whatever page asks, so without this check any page
 * could speak for a logged-in visitor; other programs send no Origin or whatever they like.
 */
export class AllowedOrigins {
  private readonly origins: ReadonlySet<string>;
  private readonly sameHost: boolean;
  private readonly any: boolean;

  /** @param setting comma-separated: `same-host`, `*`, or origins like `https://chat.example.org` */
  constructor(setting: string) {
    const items = setting.split(',').map((item) => item.trim().toLowerCase());
    this.sameHost = items.includes('same-host');
    this.any = items.includes('*');
    this.origins = new Set(items);
  }

  allows({ origin, host, 'x-forwarded-host': forwarded }: OriginHeaders): boolean {
    if (origin === undefined || this.any || this.origins.has(origin.toLowerCase())) return true;
    const from = URL.parse(origin)?.host;
    if (!this.sameHost || from === undefined || from === '') return false;
    return [host, ...(typeof forwarded === 'string' ? forwarded.split(',') : [])].some(
      (name) => name !== undefined && withoutDefaultPort(name) === withoutDefaultPort(from),
    );
  }
}

export interface OriginHeaders {
  readonly origin?: string | undefined;
  readonly host?: string | undefined;
  readonly 'x-forwarded-host'?: string | string[] | undefined;
}

const withoutDefaultPort = (host: string): string =>
  host
    .trim()
    .toLowerCase()
    .replace(/:(?:80|443)$/, '');
