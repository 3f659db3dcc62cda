// The interface of the binaries, as crates/wasm defines it. Types and constants only.
//
// A task is a piece of an instance's memory: a head of 48 words, then the data that it refers to.
// The head is the whole interface to the kernels: `run(head)` runs every operation.

/** The exports of a binary. All arguments and results are numbers; addresses are in bytes. */
export interface Kernels {
  readonly memory: WebAssembly.Memory;
  /**
   * Allocates 64-byte aligned memory. Returns its address; 0 if there is none (as an i32: `>>> 0`).
   * Memory may grow, which detaches views of it.
   */
  allocate(bytes: number): number;
  /** Frees memory that `allocate` returned for the same number of bytes. */
  release(address: number, bytes: number): void;
  /** Runs the task at an address. Never traps. @returns one of {@link code} */
  run(head: number): number;
  /**
   * Bytes of scratch that the task at an address needs; 0 if the kernels do not support it. May
   * grow the memory: this function creates the tables of a shape, and caches those of the latest
   * shapes.
   */
  scratch(head: number): number;
  /** Numbers of state that an item hands from one segment of time to the next; 0 for none. */
  state_numbers(head: number): number;
}

/** Functions that every binary exports. */
export const functions = ["allocate", "release", "run", "scratch", "state_numbers"] as const;

/** Size of a head in bytes. Tasks are aligned to 64 bytes. */
export const headBytes = 192;

/** Words of a head. Offsets are in bytes from the head; 0 means absent. */
export const word = {
  OPERATION: 0,
  DTYPE: 1,
  /** The result code of the task, written by the thread that ran it. */
  RESULT: 2,
  /**
   * Bounds of the outputs, and end of the staged inputs. For code that moves tasks; kernels ignore
   * them.
   */
  OUTPUT: 3,
  END: 4,
  STAGED: 5,
  CHANNELS: 6,
  DEPTH: 7,
  OPTIONS: 8,
  /** Items: paths, stretches of paths, or rows. */
  BATCH: 9,
  /** Capacity of each item in points; 0 for operations on rows. */
  POINTS: 10,
  /** Offset of a 32-bit integer per item, its number of points; absent: all points are valid. */
  LENGTHS: 11,
  /** Numbers per row of the input whose width varies. */
  ROW: 12,
  /** Absolute address of the scratch, 64-byte aligned, and its size in bytes. */
  SCRATCH: 13,
  SCRATCH_BYTES: 14,
  /**
   * Region r: its offset at REGIONS + 2 r, then the stride between items in numbers; 0: all share
   * one row.
   */
  REGIONS: 16,
  /** Points that are copied from the caller's memory before the kernel runs (head.ts). */
  SOURCE: 40,
  SOURCE_DTYPE: 41,
  GATHER: 42,
  GATHER_COUNT: 43,
} as const;

/** Regions that are common to several operations. */
export const region = {
  /** (batch, points, channels). */
  PATHS: 0,
  BASEPOINT: 1,
  /** Signatures that paths continue, without scalar terms. */
  INITIAL: 2,
  OUT: 3,
  /** The state at the end of each item, if it is needed. */
  STATE: 4,
} as const;

/** Option: a row for every prefix. */
export const STREAM = 1;
/** Option: paths are reversed. */
export const INVERSE = 2;
/** Option: each row includes its scalar term. */
export const SCALAR_TERM = 4;
/**
 * Option of gradients: not the first segment of a path cut in time; the state is read. Segments
 * follow each other in the direction of travel; with STREAM, against it. Each starts at the
 * point where the one before it ended.
 */
export const CONTINUED = 8;
/**
 * Option of gradients: not the last segment; the state is written, and the shared point belongs to
 * the next segment.
 */
export const CONTINUES = 16;
/** Option of gradients: a whole single path, without STREAM; lanes may divide its time. */
export const SINGLE = 32;
/**
 * Option: Horner's scheme on every word. With neither this nor {@link PRUNED} the kernels choose.
 */
export const HORNER = 256;
/** Option: the pruned walk wherever it exists. */
export const PRUNED = 512;
/** Option of log-signatures: the number of the basis, times this. */
export const LOG_BASIS = 1024;
/** Options of log-signatures in float32: the arithmetic. With neither, the kernels choose. */
export const LOG_FLOAT32 = 4096;
export const LOG_FLOAT64 = 8192;

/**
 * Options of any operation: points are expanded before the kernel runs (crates/wasm/src/expand.rs).
 * Time as the last channel, the points' numbers or from 0 to 1; then lead-lag of one point, with
 * the channels of the lag first. What they are made of stands at the end of each item's place.
 */
export const EXPAND_TIME = 2 ** 14;
export const EXPAND_NORMALIZED = 2 ** 15;
export const EXPAND_LEAD_LAG = 2 ** 16;
export const EXPAND_LAG_FIRST = 2 ** 17;

/**
 * Results of `run`. Negative: the task was rejected, and nothing was written, unless points that
 * the options expand in place.
 */
export const code = {
  /** Done. */
  FINE: 0,
  /**
   * Done, but the sum of the increments of a path is not finite: either the input is not, or the
   * sum overflows.
   */
  INCREMENTS_NOT_FINITE: 1,
  /** Done, but a cotangent is not finite, or a value computed from it overflowed. */
  COTANGENTS_NOT_FINITE: 2,
  /**
   * A bit besides one of these: some path may go back and forth so that float32 gradients lose
   * digits.
   */
  MAY_CANCEL: 4,
  /** Unknown number type. */
  DTYPE: -1,
  /** No channels, depth or points, or a size beyond 32-bit memory. */
  SHAPE: -2,
  /** A range outside memory, or misaligned. */
  RANGE: -3,
  /** A length of 0, or more than the number of points. */
  LENGTHS: -4,
  /** Less scratch than needed. */
  SCRATCH: -5,
  /** Unknown option bit. */
  OPTIONS: -6,
  /** Unknown operation in this binary. */
  OPERATION: -7,
  // Codes from the threads that run tasks, not from kernels.
  /** No memory for the kernel's scratch. */
  OUT_OF_MEMORY: -100,
  /** The kernels do not support the shape. */
  UNSUPPORTED: -101,
  /** The kernel trapped. */
  TRAP: -102,
} as const;

/** Whether a result of `run` says that something is not finite. */
export const tellsNotFinite = (done: number): boolean => done > 0 && done !== code.MAY_CANCEL;
