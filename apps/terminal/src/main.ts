#!/usr/bin/env node
import { Api, ChatClient, consulDiscovery, Endpoints, type Fallback, fixedServer } from '@parley/client';
import { openNodeSocket } from '@parley/client/node';
import { HistoryFile, historyPath } from './history-file.js';
import { type Options, readOptions, USAGE } from './options.js';
import { plainScreen, readerGone, runPlain } from './plain-face.js';
import { coloursFor, type Screen } from './screen.js';
import { Shell } from './shell.js';
import { TtyFace } from './tty-face.js';

/** After this time the program ends even if nobody takes the goodbye. */
const GOODBYE_MS = 3000;

function shellOn(screen: Screen, options: Options, waitForSends: boolean): Shell {
  const onFallback = (fallback: Fallback): void => shell.retrying(fallback);
  const discover = options.server ? fixedServer(options.server) : consulDiscovery({ urls: options.consul, onFallback });
  const endpoints = new Endpoints(discover, onFallback);
  // A script must not wait for ever for a connection; a person sees that there is none.
  const timings = waitForSends ? { sendGiveUpMs: 30_000 } : {};
  const client = new ChatClient({ endpoints, openSocket: openNodeSocket, timings });
  const shell = new Shell({ api: new Api(endpoints), client, screen, waitForSends });
  return shell;
}

async function goodbye(shell: Shell): Promise<void> {
  const late = new Promise<void>((resolve) => setTimeout(resolve, GOODBYE_MS).unref());
  await Promise.race([shell.handle('/exit'), late]);
}

async function interactive(options: Options): Promise<number> {
  const history = new HistoryFile(historyPath(process.env));
  const ended = Promise.withResolvers<void>();
  let ending = false;
  let last: Promise<void> = Promise.resolve();
  // A window that is closed says so in several ways.
  const end = (): void => {
    if (ending) return;
    ending = true;
    void goodbye(shell).then(ended.resolve);
  };
  const face = new TtyFace({
    input: process.stdin,
    output: process.stdout,
    colours: coloursFor(true, process.env),
    history: history.load(),
    onLine: (line) => {
      history.add(line);
      last = last
        .then(() => shell.handle(line))
        .then(() => {
          if (shell.exited) ended.resolve();
        });
    },
    onInterrupt: () => {
      // Asked twice: do not wait for a server that does not answer.
      if (ending) ended.resolve();
      end();
    },
    onEnd: end,
    known: () => shell.known(),
  });
  const shell = shellOn(face, options, false);
  process.on('SIGTERM', end);
  process.on('SIGHUP', end);
  void readerGone(process.stdout).then(end);
  face.system('Welcome to Parley. /help shows the commands.');
  await ended.promise;
  face.close();
  return 0;
}

async function piped(options: Options): Promise<number> {
  const shell = shellOn(plainScreen(process.stdout), options, true);
  const signalled = new Promise<void>((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, resolve);
  });
  const interrupted = Promise.race([signalled, readerGone(process.stdout)]).then(() => goodbye(shell));
  await Promise.race([runPlain(shell, process.stdin), interrupted]);
  return shell.failed ? 1 : 0;
}

async function main(): Promise<number> {
  let options: Options;
  try {
    options = readOptions(process.argv.slice(2));
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n\n${USAGE}\n`);
    return 2;
  }
  if (options.help) {
    process.stdout.write(`${USAGE}\n`);
    return 0;
  }
  const tty = process.stdin.isTTY && process.stdout.isTTY && !options.plain;
  return tty ? interactive(options) : piped(options);
}

const exitCode = await main();
// What a pipe has not taken yet is written out before the process ends.
process.stdout.write('', () => process.exit(exitCode));
