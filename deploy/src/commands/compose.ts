import { writeFile } from 'node:fs/promises';
import { renderCompose } from '../compose/compose-file.js';
import { inWorkspace } from '../workspace.js';
import { say } from './output.js';

/** `compose`: writes docker-compose.yml from the topology. */
export async function compose(): Promise<number> {
  const path = inWorkspace('docker-compose.yml');
  await writeFile(path, renderCompose());
  say(`wrote ${path}`);
  return 0;
}
