/** Every Redis key is built here. In a cluster each stands alone: no command spans two of them. */
export const redisKeys = {
  /** Hash: userId, username, createdAt (ISO). Named by the SHA-256 of the cookie, so Redis never holds a usable cookie. */
  session: (sessionHash: string) => `parley:session:${sessionHash}`,
  /** Set of session hashes, to end them all when the account goes. */
  userSessions: (userId: number) => `parley:user:${userId}:sessions`,
  /** Counter of attempts in one window. */
  attempts: (action: 'login' | 'register', subject: string) => `parley:attempts:${action}:${subject}`,
  /** Sign of life of a connection server; its topic may be swept when this and Consul have forgotten it. */
  connectionServer: (server: string) => `parley:connection-server:${server}`,
  /**
   * Where a user is connected, for people and programs: the notification topics of the connection servers that hold a
   * socket of theirs. A sorted set, because each server's entry has an end of its own: its score, in seconds since 1970.
   */
  userServers: (userId: number) => `parley:user:${userId}:servers`,
  /** Names and invite codes never change, so the message services may keep them beside the database. */
  usernameOf: (userId: number) => `message:username:${userId}`,
  inviteCodeOf: (userId: number) => `message:user_invitecode:${userId}`,
  userOfInviteCode: (code: string) => `message:user:${code}`,
  /** By the name as it was registered. Where to look first: the account itself says whether the name is its own. */
  userOfName: (username: string) => `message:user_id:${username}`,
} as const;
