// Decodes binaries from the text that entries carry. compile.ts compiles the bytes.
//
// `relaxed`, which most hosts run, is stored whole, in hexadecimal digits. The others differ from
// it in a few instructions and are stored as patches of it (scripts/lib/patch.mjs). Hexadecimal
// compresses better than base64: repeated bytes remain repeated text, which six bits per character
// would hide. bench/NOTES.md has the figures.

import type { Variant } from "./probe.ts";

/** Generated module with a family's binaries (ts/generated/<family>). @internal */
export interface InlinedBinaries {
  /** The bytes in hexadecimal digits. */
  readonly relaxed: string;
  /** The patch of `relaxed`. */
  readonly simd: string;
}

/** The bytes of a binary. @internal */
export const bytesOf = ({ relaxed, simd }: InlinedBinaries, variant: Variant): Uint8Array<ArrayBuffer> =>
  variant === "relaxed" ? decodeHex(relaxed) : patched(relaxed, simd);

/** The bytes of a patched binary; both arguments are hexadecimal digits. @internal */
export const patched = (base: string, patch: string): Uint8Array<ArrayBuffer> =>
  applyPatch(decodeHex(base), decodeHex(patch));

/** Decodes hexadecimal digits, natively if the engine can. @internal */
export function decodeHex(text: string): Uint8Array<ArrayBuffer> {
  type Native = { fromHex?: (text: string) => Uint8Array<ArrayBuffer> };
  const native = (Uint8Array as Native).fromHex;
  if (native) return native.call(Uint8Array, text);
  const { Buffer } = globalThis as { Buffer?: { from(text: string, encoding: "hex"): Uint8Array<ArrayBuffer> } };
  if (Buffer) return Buffer.from(text, "hex");
  const bytes = new Uint8Array(text.length / 2);
  for (let i = 0; i < bytes.length; i++) {
    bytes[i] = (digit(text.charCodeAt(2 * i)) << 4) | digit(text.charCodeAt(2 * i + 1));
  }
  return bytes;
}

// "0" … "9", "a" … "f".
const digit = (code: number): number => (code < 58 ? code - 48 : code - 87);

/** Applies a patch (scripts/lib/patch.mjs) to the bytes `base`. @internal */
export function applyPatch(base: Uint8Array, patch: Uint8Array): Uint8Array<ArrayBuffer> {
  let read = 0;
  const number = (): number => {
    let value = 0;
    for (let scale = 1; ; scale *= 128) {
      const byte = patch[read++] as number;
      value += (byte & 127) * scale;
      if (byte < 128) return value;
    }
  };
  const bytes = new Uint8Array(number());
  for (let at = 0, from = 0; at < bytes.length; ) {
    const literal = number();
    bytes.set(patch.subarray(read, read + literal), at);
    read += literal;
    at += literal;
    if (at >= bytes.length) break;
    const length = number();
    const distance = number();
    from += literal + (distance % 2 === 0 ? distance / 2 : -(distance + 1) / 2);
    bytes.set(base.subarray(from, from + length), at);
    from += length;
    at += length;
  }
  return bytes;
}
