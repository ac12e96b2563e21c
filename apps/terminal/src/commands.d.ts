/** `lobby`: no channel is entered. */
export type Scope = 'lobby' | 'channel' | 'both';
/** What Tab offers for an argument. */
export type Completes = 'contact' | 'pending' | 'channel' | 'inviteCodeKind' | 'none';
export interface CommandSpec {
  readonly scope: Scope;
  /** Needs a login first. */
  readonly session: boolean;
  readonly usage: string;
  readonly about: string;
  /** Fewest and most words after the command. */
  readonly words: readonly [number, number];
  readonly completes: Completes;
}
export declare const COMMANDS: {
  readonly register: CommandSpec;
  readonly unregister: CommandSpec;
  readonly login: CommandSpec;
  readonly logout: CommandSpec;
  readonly invitecode: CommandSpec;
  readonly invite: CommandSpec;
  readonly accept: CommandSpec;
  readonly reject: CommandSpec;
  readonly disconnect: CommandSpec;
  readonly connections: CommandSpec;
  readonly pending: CommandSpec;
  readonly channels: CommandSpec;
  readonly create: CommandSpec;
  readonly join: CommandSpec;
  readonly enter: CommandSpec;
  readonly leave: CommandSpec;
  readonly quit: CommandSpec;
  readonly history: CommandSpec;
  readonly clear: CommandSpec;
  readonly exit: CommandSpec;
  readonly help: CommandSpec;
};
export type CommandName = keyof typeof COMMANDS;
export declare const isCommand: (name: string) => name is CommandName;
export declare const usageOf: (name: CommandName) => string;
export declare function helpLines(): string[];
/** Lines that carry a password are kept nowhere. */
export declare const isSecret: (line: string) => boolean;
