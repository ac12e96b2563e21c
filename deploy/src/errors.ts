/** A condition the person at the keyboard can mend. The message is one line that says what is wrong and how to mend it. */
export class DeployError extends Error {
  override readonly name = 'DeployError';
}

export const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
