import type { DatabaseServer } from '../../topology.js';
import type { Needed } from '../packages.js';

/** The kinds of database server that our services run on. */
export const ENGINES = ['mariadb', 'mysql'] as const;
export type EngineName = (typeof ENGINES)[number];

/** How soon a source acknowledges: when it has written, or when its replica has received it as well. */
export const REPLICATIONS = ['semi-synchronous', 'asynchronous'] as const;
export type Replication = (typeof REPLICATIONS)[number];

/** In the data folder; root enters by it and by nothing else. */
export const SOCKET = 'mysqld.sock';

/** A program and what it is always given first. */
export type Command = readonly [program: string, ...options: string[]];

/** Where a replica finds its source. */
export type SourceAddress = { readonly host: string } & Pick<DatabaseServer, 'port'>;

/** The columns in which a server tells of its replication. */
export type ReplicaStatus = ReadonlyMap<string, string>;

/** Carries out SQL as root and resolves with a line for each row. @throws DeployError */
export type AskAsRoot = (sql: string) => Promise<string>;

/** All in which the kinds differ for who runs them. What both understand is written once, where it is used. */
export interface DatabaseEngine {
  readonly name: EngineName;
  /** Packages of the system that bring its programs. */
  readonly packages: readonly Needed[];
  /** Packages that `dump` needs on top. */
  readonly dumpPackages: readonly Needed[];
  /** Brings programs that no package of the system has. */
  ensurePrograms(progress: (line: string) => void): Promise<void>;
  /** Makes a data folder with nothing but the system tables, of which each copy is a server of its own. */
  initialize(dataDir: string, user: string): Promise<void>;

  readonly server: Command;
  /** Options of a server by itself, of both servers of a pair, and of those that acknowledge to each other. */
  readonly alone: readonly string[];
  readonly paired: readonly string[];
  readonly semiSynchronous: readonly string[];
  /** The client that enters as root by the socket. */
  readonly client: Command;
  /** Writes SQL that makes a copy of databases, from which a replica can go on. */
  readonly dump: Command;

  /** Lets root in by the socket and by nothing else, as far as `initialize` has not seen to it. */
  rootSql(user: string): readonly string[];
  /** A server that has been the source before goes on from the last transaction that it has. */
  followSql(source: SourceAddress, password: string): string;
  readonly startSql: string;
  readonly stopSql: string;
  readonly stopReceivingSql: string;
  readonly forgetSourceSql: string;
  /** Forgets every transaction, before a copy says where it begins. */
  readonly forgetTransactionsSql: string;
  readonly statusSql: string;
  /** The last transaction that a server has, as its binary log names it. */
  readonly positionSql: string;
  /** Answers 0 as soon as the server has it, something else if it takes longer. */
  reachSql(position: string, seconds: number): string;

  /** What a replica has received, though it may not have carried it out. */
  received(status: ReplicaStatus): string;
  isFollowing(status: ReplicaStatus): boolean;
  /** `Yes`, `No`, or something else while it asks for a source that does not answer; undefined where nobody is followed. */
  receives(status: ReplicaStatus): string | undefined;
  /** Whether a replica has what its source never had. @param source undefined if that does not answer */
  hasDiverged(status: ReplicaStatus, replica: AskAsRoot, source: AskAsRoot | undefined): Promise<boolean>;
}
