// Typed arrays by what they are, whatever their properties say: length, buffer and kind come from
// the getters of the built-in prototype, which no own property, subclass or proxy can change.

import type { NumericView } from "./arrays.ts";

const getter = <T>(name: string | symbol) => {
  const { get } = Object.getOwnPropertyDescriptor(Object.getPrototypeOf(Uint8Array.prototype), name) as {
    get: (this: unknown) => T;
  };
  return get;
};

const getTag = getter<string | undefined>(Symbol.toStringTag);
const getLength = getter<number>("length");
const getBuffer = getter<ArrayBuffer & SharedArrayBuffer>("buffer");
const getByteOffset = getter<number>("byteOffset");
const getByteLength = getter<number>("byteLength");

/** `set` of all typed arrays, for those that may have another. */
export const { set } = Object.getPrototypeOf(Uint8Array.prototype) as Float64Array;

/** Name of a typed array's class, from any realm; `undefined` for all else, proxies included. */
export const tagOfView = (value: unknown): string | undefined => getTag.call(value);

/** Numbers of a typed array; 0 where its buffer is detached, or has shrunk below it. */
export const lengthOfView = (view: NumericView): number => getLength.call(view);

/** Of one of the two classes. */
export const bufferOfView = (view: NumericView): ArrayBuffer & SharedArrayBuffer => getBuffer.call(view);

/** Bytes of the buffer before the first number. */
export const offsetOfView = (view: NumericView): number => getByteOffset.call(view);

export const bytesOfView = (view: NumericView): number => getByteLength.call(view);

/** The error where an array has lost numbers. INPUT_DETACHED is made of it (detached.ts). */
export const lost = (): Error => new RangeError("a buffer was detached or has shrunk");
