import { readFile, readdir, readlink } from 'node:fs/promises';
import { basename } from 'node:path';

/** Identifies one process for good: a pid alone may be given to another process later. */
export interface ProcessIdentity {
  readonly pid: number;
  /** Clock ticks since boot at which the process started, as the kernel writes it. */
  readonly startTime: string;
}

interface ProcessStat {
  readonly state: string;
  readonly session: string;
  readonly startTime: string;
}

/** @param process a pid, or a thread as `pid/task/id` */
async function readStat(process: number | string): Promise<ProcessStat | undefined> {
  const text = await readFile(`/proc/${process}/stat`, 'utf8').catch(() => undefined);
  // The command name, in parentheses, may itself hold spaces and parentheses.
  const fields = text?.slice(text.lastIndexOf(')') + 2).split(' ');
  const [state, session, startTime] = [fields?.[0], fields?.[3], fields?.[19]];
  return state && session && startTime ? { state, session, startTime } : undefined;
}

export async function identify(pid: number): Promise<ProcessIdentity | undefined> {
  const stat = await readStat(pid);
  return stat && { pid, startTime: stat.startTime };
}

export async function isAlive({ pid, startTime }: ProcessIdentity): Promise<boolean> {
  const stat = await readStat(pid);
  // A zombie has ended; in containers without an init nobody may ever collect it.
  return stat !== undefined && stat.state !== 'Z' && stat.startTime === startTime;
}

/** Whether every thread has taken note of SIGSTOP; each does so by itself, a little later than the signal. */
export async function isStopped(pid: number): Promise<boolean> {
  const threads = await readdir(`/proc/${pid}/task`);
  const states = await Promise.all(threads.map(async (id) => (await readStat(`${pid}/task/${id}`))?.state));
  return states.every((state) => state === 'T' || state === undefined);
}

const processIds = async (): Promise<number[]> =>
  (await readdir('/proc')).filter((name) => /^\d+$/.test(name)).map(Number);

/**
 * Processes that a dead session leader left behind, such as nginx workers after SIGKILL of their master. The session, the
 * program and, where the leader was given one, the working folder must match, so that a session that took over the number
 * is never mistaken for it. (The command line of a worker says nothing: nginx writes its role there.)
 */
export async function orphansOf(leader: ProcessIdentity, program: string, cwd?: string): Promise<number[]> {
  if (await isAlive(leader)) return [];
  const found: number[] = [];
  for (const pid of await processIds()) {
    const stat = await readStat(pid);
    if (stat?.session !== String(leader.pid) || stat.state === 'Z') continue;
    const name = await readFile(`/proc/${pid}/comm`, 'utf8').catch(() => '');
    if (name.trim() !== basename(program).slice(0, 15)) continue;
    if (cwd === undefined || (await readlink(`/proc/${pid}/cwd`).catch(() => '')) === cwd) found.push(pid);
  }
  return found;
}

/** Living processes that `pid` has started; undefined when the kernel does not tell. */
export async function childrenOf(pid: number): Promise<number[] | undefined> {
  const text = await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8').catch(() => undefined);
  if (text === undefined) return undefined;
  const children = text.split(' ').filter((word) => word !== '');
  const stats = await Promise.all(children.map(readStat));
  return children.filter((_, index) => (stats[index]?.state ?? 'Z') !== 'Z').map(Number);
}

/** Resident memory in MiB, 0 when the process is gone. */
export async function memoryOf(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '');
  const kibibytes = /^VmRSS:\s+(\d+) kB/m.exec(status)?.[1];
  return Math.round(Number(kibibytes ?? 0) / 1024);
}

async function listeningInode(port: number): Promise<string | undefined> {
  const hexPort = port.toString(16).toUpperCase().padStart(4, '0');
  const tables = await Promise.all(
    ['/proc/net/tcp', '/proc/net/tcp6'].map((path) => readFile(path, 'utf8').catch(() => '')),
  );
  const rows = tables.flatMap((table) => table.split('\n').map((line) => line.trim().split(/\s+/)));
  // Columns: slot, local address:port, remote, state (0A = LISTEN), ..., inode in the tenth.
  return rows.find((row) => row[1]?.endsWith(`:${hexPort}`) && row[3] === '0A')?.[9];
}

/** Who listens on a port, as `name (pid 12)`; undefined when the kernel does not let us see. */
export async function listenerOf(port: number): Promise<string | undefined> {
  const inode = await listeningInode(port);
  if (inode === undefined) return undefined;
  for (const pid of await processIds()) {
    const descriptors = await readdir(`/proc/${pid}/fd`).catch(() => []);
    const links = await Promise.all(descriptors.map((fd) => readlink(`/proc/${pid}/fd/${fd}`).catch(() => '')));
    if (!links.includes(`socket:[${inode}]`)) continue;
    const name = await readFile(`/proc/${pid}/comm`, 'utf8').catch(() => 'a process');
    return `${name.trim()} (pid ${pid})`;
  }
  return undefined;
}
