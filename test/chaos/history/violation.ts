/** Promises of the system, as the checker names them. */
export const RULES = {
  ackedIsStoredOnce: 'every acknowledged message is stored exactly once, where and as acknowledged',
  storedWasSent: 'every stored message was sent, by its author, once',
  noGaps: 'the sequences of a channel are 1..n on one shard',
  agreement: 'acknowledgement, frame, screen and fetch agree with what is stored',
  order: 'a message that was sent after another was acknowledged has the higher sequence',
  screens: 'a screen shows each message once, in order, to the end',
  membersSeeAll: 'the screens of who stayed a member until the end have shown everything',
  membersStay: 'nobody who is a member all the time is put out of a channel',
  outsidersSeeNothing: 'nobody sees a message while not a member',
  membership: 'a membership is what its owner was told last',
  readPositions: 'read positions never go back',
  headCounts: 'head counts equal memberships',
  contactCounts: 'contact counters equal accepted rows',
  contacts: 'a contact is what people were told last',
  sessions: 'the right password is not refused, and a session that was logged out stays so',
  pushes: "what a member was not looking at is in their inbox once, and in nobody else's",
  answers: 'nobody with a connection waits for an answer longer than the client does',
  ackedStaysAcked: 'nothing acknowledged becomes an error',
} as const;
export type Rule = keyof typeof RULES;

export interface Violation {
  readonly rule: Rule;
  /** What exactly is wrong, with the numbers needed to find it in the log. */
  readonly text: string;
}
