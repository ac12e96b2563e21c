import type { System } from '@parley/testing';
import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** The first number with dots in what a program says about itself. */
export const versionIn = (text: string): string => /\d+(?:\.\d+)+/.exec(text)?.[0] ?? 'unknown';

const ofProgram = async (program: string, option: string): Promise<string> => {
  const { stdout, stderr } = await run(program, [option]).catch(() => ({ stdout: '', stderr: '' }));
  return versionIn(stdout + stderr);
};

async function ofConsul({ stack }: System): Promise<string> {
  const response = await fetch(`${stack.urls.consul[0]}/v1/agent/self`);
  return versionIn(/"Version":"[^"]*"/.exec(await response.text())?.[0] ?? '');
}

async function ofDatabase({ stack }: System): Promise<string> {
  const version = await stack.database(stack.topology.databases[0]?.name ?? '').version();
  return `${/mariadb/i.test(version) ? 'MariaDB' : 'MySQL'} ${versionIn(version)}`;
}

/** The servers that a run was made with, as in `Kafka 4.4.0, MariaDB ...`. */
export async function serverVersions(system: System): Promise<string> {
  const kafka = /<artifactId>kafka_[^]*?<version>([^<]+)/.exec(await readFile('deploy/kafka/pom.xml', 'utf8'))?.[1];
  const [database, redis, nginx, consul] = await Promise.all([
    ofDatabase(system),
    ofProgram('redis-server', '--version'),
    ofProgram('nginx', '-v'),
    ofConsul(system),
  ]);
  return `Kafka ${kafka}, ${database}, Redis ${redis}, Consul ${consul}, nginx ${nginx}`;
}
