// What the binaries export, as crates/wasm defines it: names, the meaning of every argument, the codes. Types and constants
// only. Every argument and result is a number; an address is a byte offset in the instance's memory.

/** The exports of a binary. */
export interface Kernels {
  readonly memory: WebAssembly.Memory;
  /** Address of new memory, 64-byte aligned, 0 where there is none (as an i32: `>>> 0`). Memory may grow: views go stale. */
  allocate(bytes: number): number;
  /** Gives back what `allocate` gave for the same number of bytes. */
  release(address: number, bytes: number): void;
  /** Coefficients without the scalar term; 0 from 2^31 on, or without a channel or a level. */
  signature_size(channels: number, depth: number): number;
  /**
   * Bytes of scratch that `signature` needs, whatever batch and length; 0 for what is unsupported. May grow the memory: tables
   * that a shape needs are made here, and kept for the shapes used last.
   */
  signature_scratch_bytes(dtype: number, channels: number, depth: number, options: number): number;
  /**
   * Signatures of a batch of paths. Never traps. Negative: an argument is wrong, nothing was written. May grow the
   * memory only where `signature_scratch_bytes` was not asked for the same shape before.
   *
   * @param dtype - 0 float32, 1 float64.
   * @param paths - address of (batch, points, channels) numbers, row-major.
   * @param lengths - address of batch 32-bit integers, each 1 … points, the points of each path that count; 0: all do.
   * @param basepoint - address of channels numbers that precede each path; 0: none.
   * @param basepointStride - numbers from one path's basepoint to the next one's; 0: they share one.
   * @param initial - address of a signature (no scalar term) to continue from; 0: the identity. May equal `out` for whole
   *   signatures without scalar term: continued in place.
   * @param initialStride - numbers from one path's to the next one's; 0: they share one.
   * @param options - sum of {@link STREAM}, {@link INVERSE}, {@link SCALAR_TERM}, and at most one of {@link HORNER}, {@link PRUNED}.
   * @param out - address of (batch, row) numbers, with STREAM (batch, rows, row); rows is points − 1, points with a basepoint.
   *   Past the end of a path its last row repeats.
   * @param scratch - address of `scratchBytes` bytes, 16-byte aligned.
   */
  signature(
    dtype: number,
    paths: number,
    batch: number,
    points: number,
    channels: number,
    depth: number,
    lengths: number,
    basepoint: number,
    basepointStride: number,
    initial: number,
    initialStride: number,
    options: number,
    out: number,
    scratch: number,
    scratchBytes: number,
  ): number;
  /** Bytes of scratch that `signature_vjp` needs, whatever batch and length, more with {@link LONE}; 0 for what is unsupported. */
  vjp_scratch_bytes(dtype: number, channels: number, depth: number, options: number): number;
  /** Numbers that lead a path from one piece of time to the next; 0 for what is unsupported. */
  vjp_carry_numbers(channels: number, depth: number, options: number): number;
  /**
   * Gradients of a batch of paths from cotangents of their signatures. Never traps, never grows the memory. Negative: an argument is
   * wrong, nothing was written. Arguments as for `signature`, and
   *
   * @param signatures - address of rows as `signature` writes them: of whole paths by themselves (without what they continued), with
   *   STREAM of all prefixes (with it). The top level of whole paths is not looked at.
   * @param signatureRow - numbers of such a row: those of `depth`, or for whole paths those of a depth below it by one.
   * @param cotangents - address of ∂f/∂signature, rows like those; a scalar term's entry is not looked at.
   * @param options - those of `signature`, and {@link CONTINUED}, {@link CONTINUES}, {@link LONE}.
   * @param out - address of (batch, points, channels) numbers for ∂f/∂paths, zero past a path's end.
   * @param outBasepoint - address of (batch, channels) numbers for ∂f/∂basepoint; 0: not wanted.
   * @param outInitial - address of (batch, size) numbers for ∂f/∂initial; 0: not wanted.
   * @param carry - address of (batch, `vjp_carry_numbers`) numbers where a call is one of several pieces of time; else 0.
   */
  signature_vjp(
    dtype: number,
    paths: number,
    batch: number,
    points: number,
    channels: number,
    depth: number,
    lengths: number,
    basepoint: number,
    basepointStride: number,
    initial: number,
    initialStride: number,
    signatures: number,
    signatureRow: number,
    cotangents: number,
    options: number,
    out: number,
    outBasepoint: number,
    outInitial: number,
    carry: number,
    scratch: number,
    scratchBytes: number,
  ): number;
  /**
   * Signatures of consecutive stretches of a path, multiplied: of `count` rows without scalar term, one after the other from address
   * `rows` on, the first becomes the product of all; the others are used up. By a tree that depends on `count` alone. Never traps.
   */
  combine(dtype: number, channels: number, depth: number, rows: number, count: number): number;
}

/** The functions that must be there, whichever family. */
export const functions = ["allocate", "release"] as const;

/** Option: the signature of every prefix. */
export const STREAM = 1;
/** Option: the paths run backwards. */
export const INVERSE = 2;
/** Option: each signature begins with its 1. */
export const SCALAR_TERM = 4;

/**
 * Option of gradients: not the first piece of a path cut in time; the carry is read. Pieces follow each other in the direction of
 * travel, with STREAM against it, and each begins at the point where the one before it ended.
 */
export const CONTINUED = 8;
/** Option of gradients: not the last piece; the carry is written, and the point in which the piece ends is left to the next one. */
export const CONTINUES = 16;
/** Option of gradients: one whole path, not one of a batch and not a piece, without STREAM; its time may be cut into lanes. */
export const LONE = 32;

/** Option: Horner's scheme on every word. Neither this nor {@link PRUNED}: the kernels choose. */
export const HORNER = 256;
/** Option: the pruned walk wherever it exists. */
export const PRUNED = 512;

/** What `signature` returns. */
export const code = {
  /** Done. */
  FINE: 0,
  /** Done, but the sum of some path's increments is not finite: a number of the input may not be, or the sum overflows. */
  INCREMENTS_NOT_FINITE: 1,
  /** No such number type. */
  DTYPE: -1,
  /** No channels, depth or points, or a size beyond what 32-bit memory holds. */
  SHAPE: -2,
  /** A range that lies outside memory or is misaligned. */
  RANGE: -3,
  /** A length that is 0 or more than the points. */
  LENGTHS: -4,
  /** Less scratch than needed. */
  SCRATCH: -5,
  /** An option bit without meaning. */
  OPTIONS: -6,
} as const;

/** What `signature_vjp` returns besides: done, but a cotangent is not finite (or what came of them overflowed). */
export const COTANGENTS_NOT_FINITE = 2;
