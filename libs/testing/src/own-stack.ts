import { join } from 'node:path';
import { removeStack, type Stack, type StackOptions, startStack } from '@parley/deploy';

/** Where the native runner keeps what belongs to this checkout. */
export const TEST_STATE = join(import.meta.dirname, '../../../.state/test');

/** Apart from the ports of the system that all tests share. */
export const OWN_PORT_OFFSET = Number(process.env['PARLEY_OWN_STACK_OFFSET'] ?? 13_000);

/**
 * A new system for one test file, which may do with it what it likes. Nothing is left of one whose run was interrupted.
 * @param name of the folder for its data
 */
export async function startOwnStack(
  name: string,
  options: Omit<StackOptions, 'stateDir' | 'portOffset'> = {},
): Promise<Stack> {
  const stateDir = join(TEST_STATE, name);
  await removeStack(stateDir);
  return startStack({ stateDir, portOffset: OWN_PORT_OFFSET, ...options });
}
