// What the tables of errors (errors.test.ts) are made of: a row, and the calls that rows make.

import {
  type PathSignatureError,
  type PathSignatureErrorCode,
  PathSignatureRangeError,
  PathSignatureTypeError,
  signature,
  signatureSize,
  signatureVjp,
  signatureWithVjp,
  words,
} from "../../ts/index.ts";

/** Untyped, as a caller in JavaScript sees it. */
export const call = signature as unknown as (paths?: unknown, options?: unknown) => { data: Float64Array };
export const vjp = signatureVjp as unknown as (paths?: unknown, cotangent?: unknown, options?: unknown) => unknown;
export const withVjp = signatureWithVjp as unknown as (
  paths?: unknown,
  options?: unknown,
) => [unknown, (cotangent?: unknown) => unknown];
export const sizeOf = signatureSize as unknown as (...args: unknown[]) => number;
export const wordsOf = words as unknown as (...args: unknown[]) => number[][];

export const path = [
  [0, 0],
  [1, 0],
  [1, 1],
];
export const tensor = { data: new Float64Array(12), shape: [2, 3, 2] };
export const batch = [path, path];

export function detached(): Float64Array {
  const array = new Float64Array(12);
  structuredClone(array.buffer, { transfer: [array.buffer] });
  return array;
}

export const withNaN = (
  at: number,
  value = Number.NaN,
  Kind: typeof Float32Array | typeof Float64Array = Float64Array,
) => {
  const data = new Kind(12);
  data[at] = value;
  return { data, shape: [2, 3, 2] };
};

export const T = PathSignatureTypeError;
export const R = PathSignatureRangeError;

export interface Row {
  name: string;
  call: () => unknown;
  kind: typeof T | typeof R | typeof PathSignatureError;
  code: PathSignatureErrorCode;
  argument: string;
  given: string | RegExp;
  accepted: string | RegExp;
}

export const row = (
  name: string,
  made: () => unknown,
  kind: Row["kind"],
  code: PathSignatureErrorCode,
  argument: string,
  given: string | RegExp,
  accepted: string | RegExp,
): Row => ({ name, call: made, kind, code, argument, given, accepted });

export const forms = /\{ data, shape \} of shape \(…batch, length, channels\), or nested arrays/;
export const depth = 2;
