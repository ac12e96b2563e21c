import { NoticeFrame, UserId } from '@parley/protocol';
import { z } from 'zod';

/** News for sockets that have asked for notices: best effort, and never a push. */
export const Notice = z.object({
  frame: NoticeFrame,
  /** The socket that has its answer instead. */
  except: z.string().optional(),
});
export type Notice = z.infer<typeof Notice>;

/** A notice and the users whose sockets it is for. */
export const UserNotice = Notice.extend({ userIds: z.array(UserId) });
export type UserNotice = z.infer<typeof UserNotice>;
