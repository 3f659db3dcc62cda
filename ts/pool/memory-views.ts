// Views of a buffer for staging tasks and reading them back.

import type { Memory } from "../run/head.ts";

export const viewsOf = (buffer: ArrayBufferLike) =>
  ({
    f32: new Float32Array(buffer),
    f64: new Float64Array(buffer),
    u32: new Uint32Array(buffer),
  }) satisfies Memory;
