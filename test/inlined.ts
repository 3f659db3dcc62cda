// The binaries of the entries, for tests that instantiate them directly.

import algebraRelaxed from "../ts/generated/algebra/relaxed.ts";
import algebraSimd from "../ts/generated/algebra/simd.ts";
import relaxed from "../ts/generated/core/relaxed.ts";
import simd from "../ts/generated/core/simd.ts";
import kernelsRelaxed from "../ts/generated/kernels/relaxed.ts";
import kernelsSimd from "../ts/generated/kernels/simd.ts";
import { bytesOf as bytesOfText } from "../ts/wasm/binaries.ts";
import type { Variant } from "../ts/wasm/probe.ts";

const texts = {
  core: { relaxed, simd },
  algebra: { relaxed: algebraRelaxed, simd: algebraSimd },
  kernels: { relaxed: kernelsRelaxed, simd: kernelsSimd },
};

export const families = ["core", "algebra", "kernels"] as const;
export type Family = (typeof families)[number];

/** A binary's bytes. */
export const bytesOf = (variant: Variant, family: Family = "core"): Uint8Array<ArrayBuffer> =>
  bytesOfText(texts[family], variant);
