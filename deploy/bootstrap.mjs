#!/usr/bin/env node
// Runs on any Node from 20 on, with nothing installed: brings Node 24, the npm packages and the build up to date, then
// hands over to the command compiled from deploy/src.
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { statfs } from 'node:fs/promises';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const NODE_MAJOR = 24;
const root = dirname(dirname(fileURLToPath(import.meta.url)));
const toolchain = join(root, '.state', 'toolchain', 'node');
const main = join(root, 'deploy', 'dist', 'main.js');

const NEEDS_BUILD = new Set(['start', 'test', 'chaos', 'chat', 'load', 'bench', 'compose']);
const COMMANDS = [...NEEDS_BUILD, 'stop', 'status', 'logs', 'infra', 'failover', 'shard-add'];

const MEBIBYTE = 1024 * 1024;
/** Programs, packages, jars and the data of a first start; later ones ask only for room for data. */
const FRESH_MIB = 3000;

class Problem extends Error {}

const args = process.argv.slice(2);
const command = args[0] ?? '';
// Standard output of the terminal client belongs to the client.
const say = (line) => (command === 'chat' ? process.stderr : process.stdout).write(`${line}\n`);

/** The program that is running for us, so that an interruption ends it too. */
let child;
let interrupted;

function run(program, programArgs, { env, stdio = ['ignore', 'pipe', 'pipe'] } = {}) {
  return new Promise((resolve, reject) => {
    if (interrupted) return reject(new Problem(`interrupted by ${interrupted}`));
    child = spawn(program, programArgs, { cwd: root, stdio, env: { ...process.env, ...env } });
    let output = '';
    child.stdout?.on('data', (text) => (output += text));
    child.stderr?.on('data', (text) => (output += text));
    child.once('error', reject);
    child.once('close', (code, signal) => {
      child = undefined;
      resolve({ code: code ?? 128 + (signal === 'SIGINT' ? 2 : 15), output });
    });
  });
}

function checkMachine() {
  if (process.platform !== 'linux') {
    throw new Problem(
      `the native runner needs Linux, this is ${process.platform}: use docker compose --profile single up`,
    );
  }
  if (process.arch !== 'x64' && process.arch !== 'arm64') {
    throw new Problem(`the native runner needs x64 or arm64, this is ${process.arch}: use another machine`);
  }
}

async function checkRoomToInstall() {
  const { bavail, bsize } = await statfs(root);
  const free = Math.floor((bavail * bsize) / MEBIBYTE);
  if (free >= FRESH_MIB) return;
  throw new Problem(`${free} MiB free below ${root}, ${FRESH_MIB} needed: make room on that disk, then again`);
}

const majorOf = (version) => Number(/^v(\d+)\./.exec(version)?.[1] ?? 0);

async function works(node) {
  if (!existsSync(node)) return false;
  const { code, output } = await run(node, ['--version']).catch(() => ({ code: 1, output: '' }));
  return code === 0 && majorOf(output) >= NODE_MAJOR;
}

/** npm as the user started it, or the one on the path. */
function npm(node, npmArgs, options) {
  // Said even when the user runs us with --silent: a failure has to be explained.
  const all = [...npmArgs, '--loglevel=error'];
  const own = process.env.npm_execpath;
  return own?.endsWith('.js') ? run(node, [own, ...all], options) : run('npm', all, options);
}

/** npm explains itself first and ends with advice. */
const explanation = (output) =>
  output
    .split('\n')
    .map((line) => line.replace(/^npm error\s*/, '').trim())
    .filter((line) => line !== '' && !line.startsWith('npm '))
    .slice(0, 3)
    .join(' | ');

/** The path of a Node that is new enough: this one, or one from npm kept below .state. */
async function ensureNode() {
  if (majorOf(process.version) >= NODE_MAJOR) return process.execPath;
  const node = join(toolchain, 'node_modules', 'node', 'bin', 'node');
  if (await works(node)) return node;
  say(`installing Node ${NODE_MAJOR} below .state (this is ${process.version})`);
  mkdirSync(toolchain, { recursive: true });
  writeFileSync(join(toolchain, 'package.json'), '{ "private": true }\n');
  const installed = await npm(process.execPath, [
    'install',
    '--prefix',
    toolchain,
    '--no-audit',
    '--no-fund',
    `node@${NODE_MAJOR}`,
  ]);
  if (!(await works(node))) usePlatformPackage(node);
  if (await works(node)) return node;
  throw new Problem(
    `Node ${NODE_MAJOR} could not be installed (${explanation(installed.output)}): install it yourself, then again`,
  );
}

/** The package `node` links its program in an install script, which npm may refuse to run. */
function usePlatformPackage(node) {
  const platform = `node-linux-${process.arch}`;
  const places = [
    join(toolchain, 'node_modules', platform),
    join(toolchain, 'node_modules', 'node', 'node_modules', platform),
  ];
  const source = places.map((place) => join(place, 'bin', 'node')).find((file) => existsSync(file));
  if (source === undefined) return;
  mkdirSync(dirname(node), { recursive: true });
  copyFileSync(source, node);
  chmodSync(node, 0o755);
}

const readJson = (file) => JSON.parse(readFileSync(file, 'utf8'));

/** Does node_modules hold what the lockfile says? npm keeps a lockfile of its own there, written when it has finished. */
function packagesAreInstalled() {
  const kept = join(root, 'node_modules', '.package-lock.json');
  if (!existsSync(kept)) return false;
  const installed = readJson(kept).packages;
  const wanted = Object.entries(readJson(join(root, 'package-lock.json')).packages);
  return wanted.every(([path, { version, link, optional }]) => {
    if (!path.startsWith('node_modules/') || optional) return true;
    return link ? installed[path] !== undefined : installed[path]?.version === version;
  });
}

async function ensurePackages(node) {
  if (packagesAreInstalled()) return;
  say('installing npm packages');
  const { code, output } = await npm(node, ['ci', '--no-audit', '--no-fund']);
  if (code !== 0) throw new Problem(`npm ci failed: ${explanation(output)}`);
}

/** Names, sizes and times of everything that the build reads. */
function sourcesFingerprint() {
  const hash = createHash('sha256');
  const visit = (path) => {
    const found = statSync(path, { throwIfNoEntry: false });
    if (found === undefined) return;
    if (found.isFile()) return void hash.update(`${path} ${found.size} ${found.mtimeMs}\n`);
    for (const name of readdirSync(path).toSorted()) {
      if (name !== 'node_modules' && name !== 'dist' && !name.startsWith('.')) visit(join(path, name));
    }
  };
  for (const path of ['apps', 'libs', 'deploy', 'test/chaos', 'package-lock.json', 'tsconfig.base.json', 'nx.json'])
    visit(join(root, path));
  return hash.digest('hex');
}

const projects = () => [
  ...['apps', 'libs'].flatMap((folder) => readdirSync(join(root, folder)).map((name) => join(root, folder, name))),
  join(root, 'test', 'chaos'),
];

async function ensureBuild(node) {
  const stampFile = join(root, '.state', 'build-stamp');
  const fingerprint = sourcesFingerprint();
  const built = existsSync(main) && projects().every((project) => existsSync(join(project, 'dist')));
  if (built && existsSync(stampFile) && readFileSync(stampFile, 'utf8') === fingerprint) return;
  say('building');
  const nx = join(root, 'node_modules', '.bin', 'nx');
  const { code, output } = await run(node, [nx, 'run-many', '-t', 'build', '--output-style=static'], {
    env: { NX_DAEMON: 'false', NX_NO_CLOUD: 'true' },
  });
  if (code !== 0) throw new Problem(`the build failed:\n${output.trim()}`);
  writeFileSync(stampFile, fingerprint);
}

function forwardSignals() {
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
    process.on(signal, () => {
      interrupted = signal;
      // A terminal sends SIGINT to the whole group; only what was sent to us alone has to be passed on.
      if (signal !== 'SIGINT' || !process.stdin.isTTY) child?.kill(signal);
    });
  }
}

async function bootstrap() {
  if (!COMMANDS.includes(command)) throw new Problem(`usage: npm start | stop | test, or npm run status | logs | chat`);
  if (command !== 'chat') checkMachine();
  const fresh = !existsSync(join(root, 'node_modules', '.package-lock.json'));
  if (NEEDS_BUILD.has(command) && fresh) await checkRoomToInstall();
  mkdirSync(join(root, '.state'), { recursive: true });
  const node = await ensureNode();
  process.env.PATH = `${dirname(node)}${delimiter}${process.env.PATH ?? ''}`;
  if (NEEDS_BUILD.has(command)) {
    await ensurePackages(node);
    await ensureBuild(node);
  } else if (!existsSync(main)) {
    throw new Problem('nothing was started yet: run npm start');
  }
  const { code } = await run(node, [main, ...args], { stdio: 'inherit' });
  return code;
}

forwardSignals();
try {
  process.exitCode = await bootstrap();
} catch (error) {
  if (!(error instanceof Problem)) throw error;
  process.stderr.write(`parley: ${interrupted ? 'interrupted' : error.message}\n`);
  process.exitCode = interrupted ? 130 : 1;
}
