// What the binaries export, as crates/wasm defines it. Types and constants only.
//
// A task is a piece of an instance's memory: a head of 48 words, then what the head points to. The
// head is the whole interface to the kernels: every operation is run by `run(head)`.

/** The exports of a binary. Every argument and result is a number; addresses are bytes. */
export interface Kernels {
  readonly memory: WebAssembly.Memory;
  /**
   * Address of new memory, 64-byte aligned; 0 if there is none (as an i32: `>>> 0`). Memory may
   * grow, which detaches views of it.
   */
  allocate(bytes: number): number;
  /** Frees what `allocate` returned for the same number of bytes. */
  release(address: number, bytes: number): void;
  /** Runs the task at an address. Never traps. @returns one of {@link code} */
  run(head: number): number;
  /**
   * Bytes of scratch that the task at an address needs; 0 if the kernels do not support it. May grow
   * the memory: tables of a shape are made here and kept for the shapes used last.
   */
  scratch(head: number): number;
  /** Numbers of the state that an item hands from one segment of time to the next; 0 for none. */
  state_numbers(head: number): number;
}

/** The functions that every binary has. */
export const functions = ["allocate", "release", "run", "scratch", "state_numbers"] as const;

/** Bytes of a head. Tasks begin at multiples of 64. */
export const headBytes = 192;

/** Words of a head. Offsets count bytes from the head; 0 means absent. */
export const word = {
  OPERATION: 0,
  DTYPE: 1,
  /** The code that the task ended with, written by the thread that ran it. */
  RESULT: 2,
  /** Where outputs begin and end, and where staged inputs end. For whoever moves the task; kernels ignore them. */
  OUTPUT: 3,
  END: 4,
  STAGED: 5,
  CHANNELS: 6,
  DEPTH: 7,
  OPTIONS: 8,
  /** Items: paths, stretches of paths, or rows. */
  BATCH: 9,
  /** Points that each item has room for; 0 for operations on rows. */
  POINTS: 10,
  /** 32-bit integers, the points of each item that count; absent: all do. */
  LENGTHS: 11,
  /** Numbers of a row of the input whose width varies. */
  ROW: 12,
  /** Absolute address of the scratch, 64-byte aligned, and its bytes. */
  SCRATCH: 13,
  SCRATCH_BYTES: 14,
  /** Region r: its offset at REGIONS + 2 r, then its stride in numbers from one item to the next; 0: all share one row. */
  REGIONS: 16,
  /** Points that are copied from memory of the caller before the kernel runs (head.ts). */
  SOURCE: 40,
  SOURCE_DTYPE: 41,
  GATHER: 42,
  GATHER_COUNT: 43,
} as const;

/** Regions that several operations have in common. */
export const region = {
  /** (batch, points, channels). */
  PATHS: 0,
  BASEPOINT: 1,
  /** Signatures that paths continue, without scalar terms. */
  INITIAL: 2,
  OUT: 3,
  /** The state with which items end, where it is wanted. */
  STATE: 4,
} as const;

/** Option: a row for every prefix. */
export const STREAM = 1;
/** Option: the paths run backwards. */
export const INVERSE = 2;
/** Option: each row begins with its scalar term. */
export const SCALAR_TERM = 4;
/**
 * Option of gradients: not the first segment of a path cut in time; the state is read. Segments
 * follow each other in the direction of travel, with STREAM against it, and each begins at the
 * point where the one before it ended.
 */
export const CONTINUED = 8;
/** Option of gradients: not the last segment; the state is written, and the shared point is left to the next segment. */
export const CONTINUES = 16;
/** Option of gradients: one whole path, not one of a batch, without STREAM; its time may be divided among lanes. */
export const SINGLE = 32;
/** Option: Horner's scheme on every word. Neither this nor {@link PRUNED}: the kernels choose. */
export const HORNER = 256;
/** Option: the pruned walk wherever it exists. */
export const PRUNED = 512;

/** What `run` returns. Negative: the task was refused, nothing was written. */
export const code = {
  /** Done. */
  FINE: 0,
  /** Done, but the sum of some path's increments is not finite: the input may not be, or the sum overflows. */
  INCREMENTS_NOT_FINITE: 1,
  /** Done, but some cotangent is not finite, or what was made of it overflowed. */
  COTANGENTS_NOT_FINITE: 2,
  /** No such number type. */
  DTYPE: -1,
  /** No channels, depth or points, or a size beyond 32-bit memory. */
  SHAPE: -2,
  /** A range that lies outside memory or is misaligned. */
  RANGE: -3,
  /** A length that is 0 or more than the points. */
  LENGTHS: -4,
  /** Less scratch than needed. */
  SCRATCH: -5,
  /** An option bit without meaning. */
  OPTIONS: -6,
  /** No such operation in this binary. */
  OPERATION: -7,
  // Codes of the threads that run tasks, not of the kernels.
  /** No memory for the kernel's scratch. */
  OUT_OF_MEMORY: -100,
  /** The kernels do not support the shape. */
  UNSUPPORTED: -101,
  /** The kernel trapped. */
  TRAP: -102,
} as const;
