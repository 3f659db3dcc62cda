// Constants of WebGPU as numbers: outside browsers there are no globals for them.

export const usage = {
  MAP_READ: 0x1,
  COPY_SRC: 0x4,
  COPY_DST: 0x8,
  UNIFORM: 0x40,
  STORAGE: 0x80,
  QUERY_RESOLVE: 0x200,
} as const;

export const MAP_MODE_READ = 0x1;
export const COMPUTE_STAGE = 0x4;

/** Staged numbers and results are bound and copied. */
export const STORAGE = usage.STORAGE | usage.COPY_SRC | usage.COPY_DST;
export const READBACK = usage.MAP_READ | usage.COPY_DST;
export const PARAMS = usage.UNIFORM | usage.COPY_DST;
