import { createRequire } from 'node:module';

/** How many bytes tell the length of a response. */
const LENGTH_BYTES = 4;

/** The inside of a connection of kafkajs 2.2.4, as far as it concerns us. */
export interface KafkajsConnection {
  bytesBuffered: number;
  bytesNeeded: number;
  chunks: Buffer[];
  isConnected(): boolean;
  connect: (this: KafkajsConnection) => Promise<boolean>;
}

interface ConnectionClass {
  readonly prototype: KafkajsConnection;
  new (options: object): KafkajsConnection;
}

const require = createRequire(import.meta.url);
export const Connection = require('kafkajs/src/network/connection.js') as ConnectionClass;

const { connect } = Connection.prototype;

/**
 * kafkajs uses a connection again after it has broken off, and takes what comes then for the rest of a response of which
 * only the beginning had arrived: from there on it understands nothing that this broker says. So the beginning is
 * forgotten with the line over which it came.
 */
Connection.prototype.connect = function (this: KafkajsConnection): Promise<boolean> {
  if (!this.isConnected()) {
    this.bytesBuffered = 0;
    this.bytesNeeded = LENGTH_BYTES;
    this.chunks = [];
  }
  return connect.call(this);
};
