import { Document, isAlias, isMap, isScalar, Scalar, visit } from 'yaml';
import { createTopology, PROFILES } from '../topology.js';
import { composeEnvironment, ourContainers } from './our-containers.js';
import { scopeOf } from './scope.js';
import { serverContainers } from './server-containers.js';
import { setupContainers } from './setup-containers.js';

const HEADER = ` The whole system in containers. Made from deploy/src/topology.ts by "npm run compose -w deploy": change it there.

   docker compose --profile single up --build --wait     one of each
   docker compose --profile full up --build --wait       3 Kafka, 6 Redis, 3 x source and replica, 3 Consul, 2 of each of ours

 .env must hold PARLEY_DATABASE_PASSWORD, PARLEY_DATABASE_ROOT_PASSWORD, PARLEY_REPLICATION_PASSWORD and
 PARLEY_REDIS_PASSWORD: random values of 32 letters and digits, such as from "openssl rand -hex 16"
 (MySQL takes no longer one from a replica).`;

interface Section {
  readonly volumes?: readonly string[];
}

/** Shared environments get an anchor that says what they are, instead of a number; doubtful texts get quotes. */
function polish(document: Document): void {
  const names = new Map<string, string>();
  for (const profile of PROFILES) {
    const node = document.get(`x-${profile}-environment`, true);
    if (!isMap(node) || node.anchor === undefined) continue;
    names.set(node.anchor, `${profile}-environment`);
    node.anchor = `${profile}-environment`;
  }
  visit(document, (_, node) => {
    if (isAlias(node)) node.source = names.get(node.source) ?? node.source;
    // Some readers of the file follow YAML 1.1, to which a bare `yes` is no text.
    if (isScalar(node) && /^(yes|no|on|off)$/i.test(String(node.value))) node.type = Scalar.QUOTE_SINGLE;
  });
}

/** The text of docker-compose.yml. */
export function renderCompose(): string {
  const profiles = PROFILES.map((profile) => {
    const scope = scopeOf(createTopology({ profile }));
    const shared = composeEnvironment(scope);
    const services = { ...serverContainers(scope), ...setupContainers(scope), ...ourContainers(scope, shared) };
    return { profile, scope, shared, services };
  });
  const services = Object.fromEntries(profiles.flatMap((each): [string, Section][] => Object.entries(each.services)));
  const volumes = Object.values(services).flatMap((service) => service.volumes ?? []);
  const document = new Document(
    {
      name: 'parley',
      ...Object.fromEntries(profiles.map(({ profile, shared }) => [`x-${profile}-environment`, shared])),
      services,
      networks: Object.fromEntries(
        profiles.map(({ scope }) => [scope.networkName, { ipam: { config: [scope.addresses] } }]),
      ),
      volumes: Object.fromEntries(volumes.map((volume): [string, null] => [volume.split(':')[0] ?? volume, null])),
    },
    { aliasDuplicateObjects: true },
  );
  polish(document);
  document.commentBefore = HEADER;
  return document.toString({ lineWidth: 0, nullStr: '', singleQuote: true });
}
