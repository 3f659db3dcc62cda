// The call: checks what the shape decides, stages input in WebAssembly memory, runs the kernel block by block, brings the
// result back. Which numbers come out is the kernels' (crates/kernels); where a call is cut is blocks.ts's.
//
// Short calls are common (one path of a hundred points takes the kernel well under a microsecond), so the way of a call that
// fits one block makes no closures and as few objects as it can.

import { code, INVERSE, SCALAR_TERM, STREAM } from "./abi.ts";
import {
  allocateNumbers,
  checkAttached,
  copyIn,
  copyOut,
  type DTypeIndex,
  dtypeOfKind,
  FLOAT32,
  firstNonFinite,
  type Kind,
  kindOf,
  type NumericView,
} from "./arrays.ts";
import { type BlockPlan, type CallSizes, fitsOneBlock, planBlocks } from "./blocks.ts";
import { countOf, describe, failure, rangeError, typeError } from "./errors.ts";
import {
  type Paths,
  type ReadPaths,
  type ReadRows,
  type RowsArgument,
  readLengths,
  readPaths,
  readRows,
} from "./input.ts";
import type { Instance } from "./instance.ts";
import { type ReadOptions, readOptions, type SignatureOptions } from "./options.ts";
import type { Runtime } from "./runtime.ts";
import { countCoefficients, sizeLimit, tooLarge } from "./size.ts";
import { SignatureTensor } from "./tensor.ts";
import type { Only, SignatureOf } from "./types.ts";

/**
 * Signatures of piecewise linear paths, truncated at `options.depth`: for a path x and a word i₁ … i_k the iterated
 * integral ∫…∫_{t₁<…<t_k} dx^{i₁}(t₁) … dx^{i_k}(t_k). In the units of the path's channels, multiplied along the word.
 * A path of one point has the identity as signature: all coefficients 0.
 *
 * Computed step by step by Horner's scheme (Kidger & Lyons 2021, "Signatory", section 5); that signatures of pieces of a
 * path multiply is Chen's identity (Chen 1957, "Integration of paths, geometric invariants and a generalized
 * Baker–Hausdorff formula"). Synchronous, on this thread. WebAssembly memory stays bounded whatever the batch's size
 * and the paths' length: staging takes at most 5 MiB, or more only where four signatures, or 257 points of four paths, do;
 * and the kernel's scratch, about twenty signatures, depends on channels and depth alone.
 *
 * @param paths - a tensor `{ data, shape }` (or `dims` for `shape`) of shape (…batch, length, channels), row-major, or nested
 *   arrays (length, channels) or (batch, length, channels), where paths of a batch may differ in length.
 * @param options - `depth`, and what else {@link SignatureOptions} lists.
 * @returns A tensor (…batch, size), size = `signatureSize(channels, depth)`; with `stream` (…batch, length − 1, size), or
 *   (…batch, length, size) with a basepoint. A batch of no paths gives an empty tensor.
 * @throws PathSignatureError, by kind a `TypeError` or a `RangeError`, with a `code` of `PathSignatureErrorCodes`. `out` has
 *   not been written to then, and the next call works.
 *
 * @example
 * const s = signature([[0, 0], [1, 0], [1, 1]], { depth: 2 });
 * s.data;       // Float64Array [1, 1, 0.5, 1, 0, 0.5]
 * s.at([0, 1]); // 1
 */
export type SignatureFunction = <const P extends Paths, const O extends SignatureOptions>(
  paths: P,
  options: Only<O, SignatureOptions>,
) => SignatureOf<P, O>;

/** A call, checked. */
class Call implements CallSizes {
  readonly paths: ReadPaths;
  readonly batch: number;
  readonly points: number;
  readonly channels: number;
  readonly depth: number;
  readonly dtype: DTypeIndex;
  readonly bytes: number;
  /** Coefficients without the scalar term. */
  readonly size: number;
  readonly row: number;
  readonly rows: number;
  readonly stream: boolean;
  readonly inverse: boolean;
  /** The kernels' option bits. */
  readonly bits: number;
  readonly checkFinite: boolean;
  readonly lengths: Uint32Array | undefined;
  /** `true`: the origin. */
  readonly basepoint: ReadRows | true | undefined;
  readonly initial: ReadRows | undefined;

  constructor(
    paths: ReadPaths,
    options: ReadOptions,
    dtype: DTypeIndex,
    size: number,
    lengths: Uint32Array | undefined,
    basepoint: ReadRows | true | undefined,
    initial: ReadRows | undefined,
  ) {
    this.paths = paths;
    this.batch = paths.batch;
    this.points = paths.points;
    this.channels = paths.channels;
    this.depth = options.depth;
    this.dtype = dtype;
    this.bytes = dtype === FLOAT32 ? 4 : 8;
    this.size = size;
    this.row = options.scalarTerm ? size + 1 : size;
    this.rows = options.stream ? paths.points - (basepoint === undefined ? 1 : 0) : 1;
    this.stream = options.stream;
    this.inverse = options.inverse;
    this.bits =
      (options.stream ? STREAM : 0) |
      (options.inverse ? INVERSE : 0) |
      (options.scalarTerm ? SCALAR_TERM : 0) |
      options.algorithm;
    this.checkFinite = options.checkFinite;
    this.lengths = lengths;
    this.basepoint = basepoint;
    this.initial = initial;
  }
}

/** Makes `signature` for a runtime. Pure: nothing is loaded before the first call. */
export function bindSignature(runtime: Runtime): SignatureFunction {
  function signature(paths: unknown, options: unknown): unknown {
    const given = readOptions(options);
    const read = readPaths(paths);
    const { channels } = read;
    const size = countCoefficients(channels, given.depth);
    if (size >= sizeLimit) throw tooLarge(channels, given.depth, size, "options.depth");
    const dtype = given.dtype === -1 ? read.dtype : given.dtype;

    const lengths =
      given.lengths === undefined && read.starts === undefined ? undefined : readLengths(given.lengths, read);
    const basepoint = given.basepoint === undefined ? undefined : readBasepoint(given.basepoint, read);
    const initial = given.initial === undefined ? undefined : readInitial(given.initial, read, size, given.scalarTerm);
    const call = new Call(read, given, dtype, size, lengths, basepoint, initial);
    const { row, rows } = call;
    const count = read.batch * rows * row;
    const out = given.out;
    if (out !== undefined) checkOut(out, dtype, count, read, call);
    if (given.checkFinite) checkBesides(call);

    let data: Float32Array | Float64Array;
    if (count === 0) {
      data = out ?? allocateNumbers(dtype, 0, "paths");
    } else {
      const instance = runtime.instance();
      try {
        data = fitsOneBlock(call) ? runOnce(instance, call, out, count) : runBlocks(instance, call, out, count);
      } catch (error) {
        // An instance that trapped may hold anything; the next call gets a new one.
        if (error instanceof WebAssembly.RuntimeError) {
          runtime.discard(instance);
          throw internal(call, error.message, error);
        }
        throw error;
      }
    }
    const { lead } = read;
    const shape =
      lead.length === 0 ? (given.stream ? [rows, row] : [row]) : given.stream ? [...lead, rows, row] : [...lead, row];
    return new SignatureTensor(data, shape, dtype, channels, given.depth, given.scalarTerm, given.stream);
  }
  return signature as SignatureFunction;
}

// --- What depends on the shape -----------------------------------------------------------------------------------------------

const basepointArgument: RowsArgument = {
  name: "options.basepoint",
  type: "BASEPOINT_TYPE",
  shape: "BASEPOINT_SHAPE",
  forms: "true, false, an array of channels numbers, or a tensor (…batch, channels)",
};

const initialArgument: RowsArgument = {
  name: "options.initial",
  type: "INITIAL_TYPE",
  shape: "INITIAL_SHAPE",
  forms: "an array of as many numbers as a signature, or a tensor (…batch, size)",
};

function readBasepoint(value: unknown, paths: ReadPaths): ReadRows | true | undefined {
  if (typeof value === "boolean") return value || undefined;
  return readRows(value, paths, paths.channels, paths.channels, basepointArgument);
}

function readInitial(value: unknown, paths: ReadPaths, size: number, scalarTerm: boolean): ReadRows {
  const rows = readRows(value, paths, size, scalarTerm ? size + 1 : size, initialArgument);
  if (rows.width > size) {
    const count = rows.stride === 0 ? 1 : paths.batch;
    for (let i = 0; i < count; i++) {
      const scalar = rows.view[i * rows.stride];
      if (Number(scalar) !== 1) {
        throw rangeError(
          "INITIAL_SCALAR",
          "options.initial",
          `${describe(scalar)} as the scalar term of row ${i}`,
          "signatures, whose scalar term is 1",
        );
      }
    }
  }
  return rows;
}

function checkOut(out: unknown, dtype: DTypeIndex, count: number, paths: ReadPaths, call: Call): void {
  const kind = kindOf(out);
  const wanted = dtype === FLOAT32 ? "a Float32Array" : "a Float64Array";
  if (kind !== (dtype as Kind)) {
    const hint = kind === 0 || kind === 1 ? ` (or say dtype: "${kind === 0 ? "float32" : "float64"}")` : "";
    throw typeError("OUT_TYPE", "options.out", describe(out), `${wanted}, as the dtype says${hint}`);
  }
  const view = out as NumericView;
  if (view.length !== count || count === 0) {
    checkAttached(view, "options.out");
    if (view.length === count) return;
    const shape = [...paths.lead, ...(call.stream ? [call.rows] : []), call.row].join(", ");
    throw rangeError(
      "OUT_LENGTH",
      "options.out",
      countOf(view.length, "number"),
      `of ${countOf(count, "number")}, for a result of shape (${shape})`,
    );
  }
}

// --- Finite numbers ----------------------------------------------------------------------------------------------------------
//
// The kernel tells for nothing whether anything that it took a difference of was not finite: the first level, a sum of all
// increments, is not finite then. Only in that case are the numbers looked at one by one. What takes part in no increment
// (initial, paths of one point) is looked at always.

function notFinite(
  argument: string,
  value: number,
  where: string,
  position: { path?: number; point?: number; channel?: number },
): Error {
  const given = `${value} at ${where}`;
  if (value - value === 0) {
    return rangeError(
      "NOT_REPRESENTABLE",
      argument,
      given,
      'within the range of float32, 3.4e38 (or say dtype: "float64")',
      position,
    );
  }
  return rangeError("NOT_FINITE", argument, given, "finite numbers (or say checkFinite: false)", position);
}

/** Throws for the first number of paths [first, first + count) that is not finite. */
function checkPaths(call: Call, first: number, count: number): void {
  const { paths, channels, lengths, points, dtype } = call;
  const { view, kind, starts } = paths;
  if (lengths === undefined && starts === undefined) {
    const at = firstNonFinite(view, kind, dtype, first * points * channels, count * points * channels);
    if (at >= 0) throw pathNotFinite(call, at, Math.floor(at / (points * channels)));
    return;
  }
  for (let i = first; i < first + count; i++) {
    const from = startOf(call, i);
    const at = firstNonFinite(view, kind, dtype, from, lengthOf(call, i) * channels);
    if (at >= 0) throw pathNotFinite(call, at, i);
  }
}

function pathNotFinite(call: Call, at: number, path: number): Error {
  const within = at - startOf(call, path);
  const point = Math.floor(within / call.channels);
  const channel = within % call.channels;
  const where = `path ${path}, point ${point}, channel ${channel}`;
  return notFinite("paths", Number(call.paths.view[at]), where, { path, point, channel });
}

/** Throws for what the kernel's first level does not tell about. */
function checkBesides(call: Call): void {
  const { paths, basepoint, initial, dtype, lengths } = call;
  if (basepoint !== undefined && basepoint !== true) {
    const { view, kind, stride, width } = basepoint;
    const at = firstNonFinite(view, kind, dtype, 0, view.length);
    if (at >= 0) {
      const channel = at % width;
      const path = stride === 0 ? undefined : Math.floor(at / width);
      const where = path === undefined ? `channel ${channel}` : `path ${path}, channel ${channel}`;
      throw notFinite(
        "options.basepoint",
        Number(view[at]),
        where,
        path === undefined ? { channel } : { path, channel },
      );
    }
  }
  if (initial !== undefined) {
    const { view, kind, stride, width } = initial;
    const at = firstNonFinite(view, kind, dtype, 0, view.length);
    if (at >= 0) {
      const path = stride === 0 ? undefined : Math.floor(at / width);
      const where = path === undefined ? `index ${at}` : `path ${path}, index ${at % width}`;
      throw notFinite("options.initial", Number(view[at]), where, path === undefined ? {} : { path });
    }
  }
  if (basepoint !== undefined) return;
  if (paths.points === 1) checkPaths(call, 0, paths.batch);
  else if (lengths !== undefined) {
    for (let i = 0; i < lengths.length; i++) if (lengths[i] === 1) checkPaths(call, i, 1);
  }
}

// --- Paths as they lie -------------------------------------------------------------------------------------------------------

/** Where path i starts in the input, in numbers. */
function startOf(call: Call, i: number): number {
  const { starts } = call.paths;
  return (starts === undefined ? i * call.points : (starts[i] as number)) * call.channels;
}

const lengthOf = (call: Call, i: number): number =>
  call.lengths === undefined ? call.points : (call.lengths[i] as number);

// --- Running -----------------------------------------------------------------------------------------------------------------

/** Regions of the arena begin at multiples of this: a cache line, and more than any vector asks for. */
const align = (bytes: number): number => (bytes + 63) & ~63;
/** The same beyond 2^31, where bit operations end. */
const alignLarge = (bytes: number): number => Math.ceil(bytes / 64) * 64;

function heapOf(instance: Instance, dtype: DTypeIndex): Float32Array | Float64Array {
  return dtype === FLOAT32 ? instance.f32 : instance.f64;
}

function scratchFor(instance: Instance, call: Call): number {
  const bytes = instance.scratchBytes(call.dtype, call.channels, call.depth, call.bits);
  if (bytes > 0) return bytes;
  throw rangeError(
    "SIZE_TOO_LARGE",
    "options.depth",
    `depth ${call.depth} of ${call.channels} channels, a signature of ${call.size} numbers`,
    "such that a call fits into 32-bit WebAssembly memory",
  );
}

/** Brings `count` numbers of staged output to the caller. */
function deliver(
  heap: Float32Array | Float64Array,
  at: number,
  count: number,
  out: Float32Array | Float64Array | undefined,
) {
  if (out === undefined) return heap.slice(at, at + count);
  copyOut(heap, at, count, out, 0);
  return out;
}

/** A call that is one block of one segment. */
function runOnce(
  instance: Instance,
  call: Call,
  out: Float32Array | Float64Array | undefined,
  count: number,
): Float32Array | Float64Array {
  const { paths, batch, points, channels, dtype, bytes, lengths, basepoint, initial, size } = call;
  const scratch = scratchFor(instance, call);
  const shift = dtype + 2;
  const inputBytes = align(batch * points * channels * bytes);
  const outputBytes = align(count * bytes);
  const lengthsBytes = lengths === undefined ? 0 : align(batch * 4);
  const basepointBytes =
    basepoint === undefined ? 0 : align((basepoint === true || basepoint.stride === 0 ? 1 : batch) * channels * bytes);
  const initialBytes = initial === undefined ? 0 : align((initial.stride === 0 ? 1 : batch) * size * bytes);

  const total = inputBytes + outputBytes + lengthsBytes + basepointBytes + initialBytes + scratch;
  const input = instance.reserve(total);
  const output = input + inputBytes;
  const lengthsAt = output + outputBytes;
  const basepointAt = lengthsAt + lengthsBytes;
  const initialAt = basepointAt + basepointBytes;
  const scratchAt = initialAt + initialBytes;

  const heap = heapOf(instance, dtype);
  const { starts } = paths;
  if (starts === undefined) copyIn(paths.view, paths.kind, 0, batch * points * channels, heap, input / bytes);
  else {
    for (let i = 0; i < batch; i++) {
      copyIn(
        paths.view,
        paths.kind,
        startOf(call, i),
        lengthOf(call, i) * channels,
        heap,
        input / bytes + i * points * channels,
      );
    }
  }
  let basepointStride = 0;
  let initialStride = 0;
  if (lengths !== undefined) instance.u32.set(lengths, lengthsAt >>> 2);
  if (basepoint !== undefined)
    basepointStride = stageBasepoint(basepoint, channels, 0, batch, heap, basepointAt / bytes);
  if (initial !== undefined) initialStride = stageInitial(initial, size, 0, batch, heap, initialAt / bytes, false);

  const result = instance.kernels.signature(
    dtype,
    input,
    batch,
    points,
    channels,
    call.depth,
    lengths === undefined ? 0 : lengthsAt,
    basepoint === undefined ? 0 : basepointAt,
    basepointStride,
    initial === undefined ? 0 : initialAt,
    initialStride,
    call.bits,
    output,
    scratchAt,
    scratch,
  );
  instance.refresh();
  if (result !== code.FINE) {
    if (result !== code.INCREMENTS_NOT_FINITE) throw internal(call, `code ${result}`);
    if (call.checkFinite) checkPaths(call, 0, batch);
  }
  return deliver(heapOf(instance, dtype), output >>> shift, count, out);
}

/** Copies the basepoints of paths [first, first + count) to `heap[at…]`; returns the numbers from one to the next. */
function stageBasepoint(
  basepoint: ReadRows | true,
  channels: number,
  first: number,
  count: number,
  heap: Float32Array | Float64Array,
  at: number,
): number {
  if (basepoint === true) {
    heap.fill(0, at, at + channels);
    return 0;
  }
  const { view, kind, stride } = basepoint;
  if (stride === 0) copyIn(view, kind, 0, channels, heap, at);
  else copyIn(view, kind, first * channels, count * channels, heap, at);
  return stride;
}

/**
 * Copies the initial signatures of paths [first, first + count), without scalar terms, to `heap[at…]`; returns the numbers
 * from one to the next. `each`: also where all paths share one, every path gets its own.
 */
function stageInitial(
  initial: ReadRows,
  size: number,
  first: number,
  count: number,
  heap: Float32Array | Float64Array,
  at: number,
  each: boolean,
): number {
  const { view, kind, stride, width } = initial;
  if (stride === 0) {
    copyIn(view, kind, width - size, size, heap, at);
    if (!each) return 0;
    for (let i = 1; i < count; i++) heap.copyWithin(at + i * size, at, at + size);
  } else if (width === size) copyIn(view, kind, first * size, count * size, heap, at);
  else for (let i = 0; i < count; i++) copyIn(view, kind, (first + i) * width + 1, size, heap, at + i * size);
  return size;
}

/** A call in several blocks, or cut in time. */
function runBlocks(
  instance: Instance,
  call: Call,
  out: Float32Array | Float64Array | undefined,
  count: number,
): Float32Array | Float64Array {
  const plan = planBlocks(call);
  if (out !== undefined && !plan.staged && call.checkFinite) {
    // Blocks are written as they are done, and an error must not leave half of them: find it before.
    checkPaths(call, 0, call.batch);
  }
  if (out !== undefined && !plan.staged) keepApart(call, out);
  const stage = new Stage(instance, call, plan);
  const result = plan.staged ? undefined : (out ?? allocateNumbers(call.dtype, count, "paths"));
  for (let first = 0; first < call.batch; first += plan.paths) {
    stage.block(first, Math.min(plan.paths, call.batch - first), result);
  }
  return result ?? deliver(heapOf(instance, call.dtype), stage.output / call.bytes, count, out);
}

/** Gives a call copies of those inputs that share memory with `out`, where writing blocks would spoil what later ones read. */
function keepApart(call: Call, out: Float32Array | Float64Array): void {
  const { paths, basepoint, initial } = call;
  // Continuing in place: each block reads its rows before it writes the same ones.
  const inPlace =
    initial !== undefined &&
    !call.stream &&
    initial.view.byteOffset === out.byteOffset &&
    initial.view.byteLength === out.byteLength &&
    initial.stride === call.row;
  if (overlap(paths.view, out)) keep(paths);
  if (basepoint !== undefined && basepoint !== true && overlap(basepoint.view, out)) keep(basepoint);
  if (initial !== undefined && !inPlace && overlap(initial.view, out)) keep(initial);
}

function overlap(a: NumericView, b: NumericView): boolean {
  return (
    a.buffer === b.buffer && a.byteOffset < b.byteOffset + b.byteLength && b.byteOffset < a.byteOffset + a.byteLength
  );
}

/** Replaces what was read by a copy. */
function keep(input: ReadPaths | ReadRows): void {
  const { view, kind } = input;
  const dtype = dtypeOfKind(kind);
  const copy = allocateNumbers(dtype, view.length, "options.out");
  copyIn(view, kind, 0, view.length, copy, 0);
  input.view = copy;
  input.kind = dtype;
}

/** The arena as laid out for one call, and the work on one block. */
class Stage {
  /** Address of the staged output. */
  readonly output: number;
  readonly #instance: Instance;
  readonly #call: Call;
  readonly #plan: BlockPlan;
  readonly #input: number;
  readonly #lengths: number;
  readonly #basepoint: number;
  /** Initial signatures; where paths are cut in time, what each has come to. */
  readonly #state: number;
  readonly #scratch: number;
  readonly #scratchBytes: number;
  /** With `stream` and cut in time the basepoint is staged as a first point, so that it falls into its own segment. */
  readonly #basepointIsPoint: boolean;
  /** The part of each path of the block that the segment holds. */
  readonly #froms: Float64Array;
  readonly #counts: Uint32Array;

  constructor(instance: Instance, call: Call, plan: BlockPlan) {
    const { channels, bytes, row, rows, size } = call;
    const cut = plan.segments > 1;
    this.#basepointIsPoint = call.stream && cut && call.basepoint !== undefined;
    const points = call.points + (this.#basepointIsPoint ? 1 : 0);
    const numbers = {
      input: plan.paths * Math.min(points, plan.steps + 1) * channels,
      output: plan.staged ? call.batch * rows * row : plan.paths * (call.stream ? Math.min(rows, plan.steps) : 1) * row,
      basepoint: call.basepoint === undefined ? 0 : plan.paths * channels,
      state: cut || call.initial !== undefined ? plan.paths * size : 0,
    };
    const scratchBytes = scratchFor(instance, call);
    const lengthsBytes = alignLarge(plan.paths * 4);
    const ends = [numbers.input, numbers.output, numbers.basepoint, numbers.state].map((n) =>
      alignLarge(n * bytes),
    ) as [number, number, number, number];
    const base = instance.reserve(lengthsBytes + ends[0] + ends[1] + ends[2] + ends[3] + scratchBytes);
    this.#lengths = base;
    this.#input = base + lengthsBytes;
    this.output = this.#input + ends[0];
    this.#basepoint = this.output + ends[1];
    this.#state = this.#basepoint + ends[2];
    this.#scratch = this.#state + ends[3];
    this.#scratchBytes = scratchBytes;
    this.#instance = instance;
    this.#call = call;
    this.#plan = plan;
    this.#froms = new Float64Array(plan.paths);
    this.#counts = new Uint32Array(plan.paths);
  }

  get #heap(): Float32Array | Float64Array {
    return heapOf(this.#instance, this.#call.dtype);
  }

  /** Runs paths [first, first + paths), and writes their signatures to `result`, or to their place in the staged output. */
  block(first: number, paths: number, result: Float32Array | Float64Array | undefined): void {
    const call = this.#call;
    const { segments } = this.#plan;
    const { basepoint, initial, size, channels, bytes, row, rows, stream } = call;
    const heap = this.#heap;
    const cut = segments > 1;
    let basepointStride = 0;
    if (basepoint !== undefined)
      basepointStride = stageBasepoint(basepoint, channels, first, paths, heap, this.#basepoint / bytes);
    let initialStride = 0;
    if (initial !== undefined)
      initialStride = stageInitial(initial, size, first, paths, heap, this.#state / bytes, cut);

    const output = this.output + (result === undefined ? first * rows * row * bytes : 0);
    let looked = !call.checkFinite;
    for (let s = 0; s < segments; s++) {
      const last = s === segments - 1;
      const points = this.#stagePoints(first, paths, s, basepointStride);
      // The basepoint comes with a path's first point: in the first segment, or the last one of a path run backwards.
      const hasBasepoint = basepoint !== undefined && !this.#basepointIsPoint && (call.inverse ? last : s === 0);
      // On the way, whole signatures are carried on in place; the last segment's are the result.
      const carries = !stream && !last;
      const done = this.#instance.kernels.signature(
        call.dtype,
        this.#input,
        paths,
        points,
        channels,
        call.depth,
        this.#lengths,
        hasBasepoint ? this.#basepoint : 0,
        hasBasepoint ? basepointStride : 0,
        initial !== undefined || s > 0 ? this.#state : 0,
        s > 0 ? size : initialStride,
        carries ? call.bits & ~SCALAR_TERM : call.bits,
        carries ? this.#state : output,
        this.#scratch,
        this.#scratchBytes,
      );
      this.#instance.refresh();
      if (done < 0) throw internal(call, `code ${done}`);
      if (done === code.INCREMENTS_NOT_FINITE && !looked) {
        checkPaths(call, first, paths);
        looked = true; // all are finite: it is the sum that overflows
      }
      if (stream && cut) this.#takeRows(first, paths, s, points - 1, result as Float32Array | Float64Array);
    }
    if (!(stream && cut) && result !== undefined) {
      copyOut(this.#heap, output / bytes, paths * rows * row, result, first * rows * row);
    }
  }

  /** Rows of a segment of time to their places in the result, and the last of each path to where the next segment starts. */
  #takeRows(first: number, paths: number, s: number, segmentRows: number, result: Float32Array | Float64Array): void {
    const { row, rows, size, bytes } = this.#call;
    const heap = this.#heap;
    for (let i = 0; i < paths; i++) {
      const at = this.output / bytes + i * segmentRows * row;
      copyOut(heap, at, segmentRows * row, result, ((first + i) * rows + s * this.#plan.steps) * row);
      const end = at + segmentRows * row;
      heap.copyWithin(this.#state / bytes + i * size, end - size, end);
    }
  }

  /** Copies segment `s` of each path of a block to the input region, and how long each is; returns the longest's points. */
  #stagePoints(first: number, paths: number, s: number, basepointStride: number): number {
    const call = this.#call;
    const { view, kind, starts } = call.paths;
    const { channels, bytes } = call;
    const heap = this.#heap;
    const input = this.#input / bytes;
    if (this.#plan.segments === 1 && starts === undefined) {
      const { points, lengths } = call;
      copyIn(view, kind, first * points * channels, paths * points * channels, heap, input);
      for (let i = 0; i < paths; i++) this.#counts[i] = lengths === undefined ? points : (lengths[first + i] as number);
      this.#instance.u32.set(this.#counts.subarray(0, paths), this.#lengths / 4);
      return points;
    }
    const points = this.#cutPaths(first, paths, s);
    const extra = this.#basepointIsPoint ? 1 : 0;
    for (let i = 0; i < paths; i++) {
      let from = this.#froms[i] as number;
      let count = this.#counts[i] as number;
      let to = input + i * points * channels;
      if (extra === 1) {
        if (from === 0) {
          const at = this.#basepoint / bytes + i * basepointStride;
          heap.copyWithin(to, at, at + channels);
          to += channels;
          count -= 1;
        } else from -= 1;
      }
      copyIn(view, kind, startOf(call, first + i) + from * channels, count * channels, heap, to);
    }
    this.#instance.u32.set(this.#counts.subarray(0, paths), this.#lengths / 4);
    return points;
  }

  /** Which points of each path segment `s` holds; returns how many the call of the segment has. */
  #cutPaths(first: number, paths: number, s: number): number {
    const call = this.#call;
    const { steps, segments } = this.#plan;
    const extra = this.#basepointIsPoint ? 1 : 0;
    let longest = 1;
    for (let i = 0; i < paths; i++) {
      const all = lengthOf(call, first + i) + extra - 1; // steps of the path
      let from: number;
      let to: number;
      if (!call.inverse) {
        from = Math.min(s * steps, all);
        to = Math.min(from + steps, all);
      } else {
        // Backwards from the path's own end. Prefixes are wanted from the start; whole signatures let the short path wait,
        // so that all reach their first points, where a basepoint may come, in the last segment.
        const own = call.stream ? s : s - (segments - Math.max(1, Math.ceil(all / steps)));
        to = own < 0 ? all : Math.max(0, all - own * steps);
        from = own < 0 ? all : Math.max(0, to - steps);
      }
      this.#froms[i] = from;
      this.#counts[i] = to - from + 1;
      if (to - from + 1 > longest) longest = to - from + 1;
    }
    // With `stream` every path fills the segment's rows, by repeating if it is over.
    if (call.stream) return segments === 1 ? call.points : Math.min(steps, call.rows - s * steps) + 1;
    return longest;
  }
}

function internal(call: Call, what: string, cause?: unknown): Error {
  const shape = `(${call.batch}, ${call.points}, ${call.channels})`;
  return failure(
    "INTERNAL",
    "signature",
    `paths ${shape}, depth ${call.depth}`,
    "a call that the kernel carries out",
    `The kernel failed (${what}) for paths ${shape} at depth ${call.depth}. This is a fault of path-signature; please report it`,
    cause,
  );
}
