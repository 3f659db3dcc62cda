// The table of functions that engines have: one entry each. Engine, pool and `explain` read it; a new function is an entry here and
// what its entry needs.

import { describe, typeError } from "../input/errors.ts";
import type { Operation } from "./backend.ts";
import { signatureOperation } from "./signature.ts";
import { vjpOperation } from "./vjp.ts";

export const operations = {
  signature: signatureOperation,
  signatureVjp: vjpOperation,
} as const;

/** Names of the functions that engines have. */
export type OperationName = keyof typeof operations;

/** The entry of a name. @throws PathSignatureTypeError OPERATION_UNKNOWN */
export function operationOf(name: unknown): Operation {
  if (typeof name === "string" && Object.hasOwn(operations, name))
    return operations[name as OperationName] as unknown as Operation;
  const names = Object.keys(operations)
    .map((known) => `"${known}"`)
    .join(", ");
  throw typeError("OPERATION_UNKNOWN", "name", describe(name), `one of ${names}`);
}
