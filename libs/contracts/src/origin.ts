import { UserId } from '@parley/protocol';
import { z } from 'zod';

/**
 * Who asked, and where the answer goes. `connection` names one socket for ever (server, boot and a counter), so an
 * answer can never reach a later socket. `request` is new for every frame but repeated when a frame is tried again
 * after a failure of unknown outcome: it makes commands idempotent, and it is the trace id in every log on the way.
 */
export const Origin = z.object({
  userId: UserId,
  username: z.string(),
  server: z.string(),
  connection: z.string(),
  request: z.string(),
});
export type Origin = z.infer<typeof Origin>;
