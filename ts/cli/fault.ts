// What a command ends with: the exit codes, and the error that carries one.

export const exitCodes = {
  done: 0,
  /** A file cannot be read or written, or its data are wrong. */
  failed: 1,
  /** Wrong arguments. */
  usage: 2,
  /** An optional package is not installed. */
  missing: 3,
  /** A bug. */
  internal: 70,
  /** Ctrl-C. */
  interrupted: 130,
} as const;

export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes];

/** An error for people: its message is all that is shown. */
export class Fault extends Error {
  readonly exitCode: ExitCode;

  constructor(message: string, exitCode: ExitCode = exitCodes.failed) {
    super(message);
    this.exitCode = exitCode;
  }
}

/** The error for wrong arguments. */
export const wrongArguments = (message: string): Fault => new Fault(message, exitCodes.usage);
