import { parseArgs } from 'node:util';

export interface Options {
  readonly consul: readonly string[];
  /** Set: no discovery. */
  readonly server: string | undefined;
  readonly plain: boolean;
  readonly help: boolean;
}

const DEFAULT_CONSUL = ['http://localhost:18500', 'http://localhost:18501', 'http://localhost:18502'];

export const USAGE = `Usage: parley-terminal [options]

  --server <url>        talk to this server, without discovery (http://host:port)
  --consul <url,...>    find servers through these Consul servers
                        (default ${DEFAULT_CONSUL.join(',')})
  --plain               no line editing: plain lines in, plain lines out, as when piped
  --help                show this text

Type /help inside for the commands. Environment: NO_COLOR switches colours off,
XDG_STATE_HOME says where the command history is kept.`;

/** Throws an Error whose message tells the user what is wrong. */
export function readOptions(args: readonly string[]): Options {
  const { values } = parseArgs({
    args: [...args],
    options: {
      consul: { type: 'string' },
      server: { type: 'string' },
      plain: { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  const consul = values.consul?.split(',').map((url) => httpUrl('--consul', url.trim())) ?? DEFAULT_CONSUL;
  const server = values.server === undefined ? undefined : httpUrl('--server', values.server);
  return { consul, server, plain: values.plain, help: values.help };
}

/** `host:port` is enough. */
function httpUrl(option: string, given: string): string {
  const url = /^https?:\/\//.test(given) ? given : `http://${given}`;
  if (!URL.canParse(url)) throw new Error(`${option}: "${given}" is not a URL like http://localhost:8080`);
  return url;
}
