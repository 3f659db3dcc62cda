// Errors that no second try can mend: the message says what is wrong and where.

/** Bad input or bad arguments. */
export class Fault extends Error {
  override readonly name = "Fault";
}

export const reasonOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
