/** Every bound that a client can meet. Lengths of text are in Unicode code points unless said otherwise. */
export const LIMITS = {
  /** Longest inbound text frame, in UTF-16 code units; a longer one closes the socket with 1009. */
  frameCharacters: 8192,
  contentCharacters: 1000,
  titleCharacters: 30,
  usernameCharacters: 20,
  passwordMinCharacters: 8,
  passwordMaxCharacters: 128,
  inviteCodeCharacters: 32,
  /** Members of one channel, its creator included. */
  channelMembers: 100,
  /** Accepted contacts of one user. */
  contacts: 1000,
  /** Messages in one FETCH_MESSAGES_RESPONSE; a longer range is answered with its newest ones. */
  fetchMessages: 100,
} as const;

/** Length of a text as people count it: in code points, as the database does. */
export function codePoints(text: string): number {
  let count = 0;
  for (const _ of text) count += 1;
  return count;
}
