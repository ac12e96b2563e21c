import { statfs } from 'node:fs/promises';
import { DeployError } from '../errors.js';

const MEBIBYTE = 1024 * 1024;

/** A new stack of the full profile takes about as much; with less, servers fail in ways that nobody understands. */
const NEEDED_MIB = 500;

/** Fails when the disk that holds `folder` has too little room for the data of a stack. */
export async function requireFreeSpace(folder: string): Promise<void> {
  const { bavail, bsize } = await statfs(folder);
  const free = Math.floor((bavail * bsize) / MEBIBYTE);
  if (free >= NEEDED_MIB) return;
  throw new DeployError(`${free} MiB free below ${folder}, ${NEEDED_MIB} needed: make room on that disk, then again`);
}
