// An error that the user can correct: main.ts prints its text without a stack. Errors of the
// program itself are ordinary errors.

export class Fault extends Error {
  /** Exit code of the process. */
  readonly exitCode: number;

  constructor(message: string, exitCode = 1) {
    super(message);
    this.exitCode = exitCode;
  }
}

/**
 * Text from a file or from the command line, quoted, without control characters, and cut if long.
 */
export function quote(text: string): string {
  const clipped = text.length > 40 ? `${text.slice(0, 37)}…` : text;
  return JSON.stringify(clipped).replace(/[\u007f-\u009f]/g, "\ufffd");
}
