import type { ClientFrameOf, ClientFrameType } from '@parley/protocol';

/** A frame as a client writes it: the protocol's own type. */
export type OutgoingFrameOf<T extends ClientFrameType> = Readonly<ClientFrameOf<T>>;
export type OutgoingFrame = { [T in ClientFrameType]: OutgoingFrameOf<T> }[ClientFrameType];
