import { Delivery, MembersChanged, type Origin, UserNotice } from '@parley/contracts';
import type { ClientFrameType, ServerFrame } from '@parley/protocol';
import { z } from 'zod';

/** What a command leads to, once its effects are committed. Stored with them, so that a repetition tells the same. */
export const Outcome = z.object({
  deliveries: z.array(Delivery),
  notices: z.array(UserNotice).optional(),
  /** The owner of this channel must know before anyone gets a delivery. */
  membersChanged: MembersChanged.pick({ channelId: true, joined: true, gone: true, notice: true }).optional(),
});
export type Outcome = z.infer<typeof Outcome>;

/** A frame for the socket that asked. */
export const toAsker = ({ userId, server, connection }: Origin, frame: ServerFrame): Delivery => ({
  userId,
  only: { server, connection },
  frame,
});

/** Nothing but an answer to the socket that asked. */
export const answer = (origin: Origin, frame: ServerFrame): Outcome => ({ deliveries: [toAsker(origin, frame)] });

export const refusal = (origin: Origin, messageType: ClientFrameType, message: string): Outcome =>
  answer(origin, { type: 'ERROR', messageType, message });

/** The answer goes to the socket that asked last; the first one may be closed. */
export const addressedTo = ({ server, connection }: Origin, outcome: Outcome): Outcome => ({
  ...outcome,
  deliveries: outcome.deliveries.map((delivery) =>
    delivery.only === undefined ? delivery : { ...delivery, only: { server, connection } },
  ),
});
