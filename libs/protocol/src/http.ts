import { z } from 'zod';
import { codePoints, LIMITS } from './limits.js';

/** Paths of the REST API; every success and failure body under `/api/v1/auth` is plain text. */
export const PATHS = {
  register: '/api/v1/auth/register',
  login: '/api/v1/auth/login',
  logout: '/api/v1/auth/logout',
  unregister: '/api/v1/auth/unregister',
  pushInbox: '/api/v1/push/inbox',
  webSocket: '/ws/v1/message',
} as const;

/** Query parameter of the WebSocket's path by which a client asks for notices. */
export const NOTICES = { parameter: 'notices', wanted: '1' } as const;

/** Cookie that carries the session; its value is the body of a successful login. */
export const SESSION_COOKIE = 'SESSION';

/** Whole bodies of answers under `/api/v1/auth`; a request that breaks a rule is answered with the rule instead. */
export const AUTH_TEXT = {
  registered: 'User registered.',
  notAuthenticated: 'Not authenticated.',
  loginFailed: 'Login failed.',
  loggedOut: 'Logout success.',
  logoutFailed: 'Logout failed.',
  unregistered: 'User unregistered.',
  unregisterFailed: 'Unregister user failed.',
  registerFailed: 'Register user failed.',
  usernameTaken: 'Username is taken.',
  tooManyAttempts: 'Too many attempts.',
  notAnObject: 'Body must be a JSON object.',
  bodyTooLong: 'Body is too long.',
  unavailable: 'Unavailable.',
} as const;

/** Letters of any script (with their marks), digits, `_`, `-` and `.`. */
const USERNAME = /^[\p{L}\p{M}\p{Nd}_.-]+$/u;

const Username = z
  .string('username must be a text')
  .refine((value) => codePoints(value) >= 1 && codePoints(value) <= LIMITS.usernameCharacters, {
    error: `username must have 1 to ${LIMITS.usernameCharacters} characters`,
    abort: true,
  })
  .regex(USERNAME, 'username may contain letters, digits, "_", "-" and "." only');

const NewPassword = z
  .string('password must be a text')
  .refine(
    (value) => codePoints(value) >= LIMITS.passwordMinCharacters && codePoints(value) <= LIMITS.passwordMaxCharacters,
    `password must have ${LIMITS.passwordMinCharacters} to ${LIMITS.passwordMaxCharacters} characters`,
  );

export const RegisterRequest = z.object({ username: Username, password: NewPassword });
export type RegisterRequest = z.infer<typeof RegisterRequest>;

/** Only shape is checked at login: whether name and password are good is one answer, 401. */
export const LoginRequest = z.object({
  username: z.string('username must be a text'),
  password: z.string('password must be a text'),
});
export type LoginRequest = z.infer<typeof LoginRequest>;

/** One entry of `GET /api/v1/push/inbox`, newest first. */
export const PushInboxEntry = z.object({
  type: z.string(),
  channelId: z.int().nullable(),
  messageSeqId: z.int().nullable(),
  username: z.string().nullable(),
  content: z.string().nullable(),
  /** ISO 8601, UTC. */
  createdAt: z.string(),
});
export type PushInboxEntry = z.infer<typeof PushInboxEntry>;
