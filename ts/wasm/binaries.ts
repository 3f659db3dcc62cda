// Binaries out of the text that entries carry them as. What happens to the bytes is compile.ts's.
//
// `relaxed`, which most engines run, is there whole, in hexadecimal digits; the others as patches
// of it (scripts/lib/patch.mjs), since they differ from it in a few instructions. Digits, not
// base64: what servers compress by finds repeated bytes again as repeated digits, and six bits a
// letter hides them. bench/NOTES.md has the figures.

import type { Variant } from "./probe.ts";

/** What the build made of a family's binaries (ts/generated/<family>). @internal */
export interface InlinedBinaries {
  /** Its bytes. */
  readonly relaxed: string;
  /** Its patch of `relaxed`. */
  readonly simd: string;
}

/** A binary's bytes. @internal */
export const bytesOf = ({ relaxed, simd }: InlinedBinaries, variant: Variant): Uint8Array<ArrayBuffer> =>
  variant === "relaxed" ? decodeHex(relaxed) : patched(relaxed, simd);

/** The bytes that a patch makes out of a binary, both in hexadecimal digits. @internal */
export const patched = (base: string, patch: string): Uint8Array<ArrayBuffer> =>
  applyPatch(decodeHex(base), decodeHex(patch));

/** Decodes hexadecimal digits by the fastest means that the engine has. @internal */
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

/** The bytes that a patch (scripts/lib/patch.mjs) makes out of `base`. @internal */
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
