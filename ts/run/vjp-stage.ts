// Runs a call for gradients: stages a block of paths with their signatures and cotangents, runs the kernel on it, perhaps segment of time by segment,
// brings the gradients back. How blocks and segments are cut is vjp-blocks.ts's.

import { copyIn, copyOut, dtypeOfKind } from "../input/arrays.ts";
import { type Call, internal, lengthOf, startOf } from "../input/call.ts";
import { checkCotangent } from "../input/cotangent.ts";
import type { ReadRows } from "../input/paths.ts";
import { CONTINUED, CONTINUES, COTANGENTS_NOT_FINITE, code, LONE } from "../wasm/abi.ts";
import type { Instance } from "../wasm/instance.ts";
import { alignLarge, beyondMemory, heapOf, pathsAsTheyStand, stageBasepoint, stageRows } from "./arena.ts";
import { planVjp, segmentPoints, type VjpPlan } from "./vjp-blocks.ts";

type Numbers = Float32Array | Float64Array;

/** Where gradients go; basepoints' and initial signatures' have one row a path, whether all paths share one or not. */
export interface GradientArrays {
  readonly paths: Numbers;
  /** Takes the rows of paths [first, first + count). */
  readonly basepoint: ((heap: Numbers, at: number, first: number, count: number) => void) | undefined;
  readonly initial: ((heap: Numbers, at: number, first: number, count: number) => void) | undefined;
}

/** Bytes of the kernel's scratch. @throws PathSignatureError SIZE_TOO_LARGE */
export function vjpScratchFor(instance: Instance, call: Call, bits: number): number {
  const bytes = instance.kernels.vjp_scratch_bytes(call.dtype, call.channels, call.depth, bits) >>> 0;
  if (bytes > 0) return bytes;
  throw beyondMemory(call);
}

type Region =
  | "lengths"
  | "input"
  | "output"
  | "signatures"
  | "cotangents"
  | "basepoint"
  | "outBasepoint"
  | "initial"
  | "outInitial"
  | "carry"
  | "scratch";

/** The arena as laid out for one call, and the work on its blocks. */
export class VjpStage {
  readonly #instance: Instance;
  readonly #call: Call;
  readonly #signatures: Numbers;
  /** Numbers of a row of signatures. */
  readonly #signatureRow: number;
  readonly #plan: VjpPlan;
  /** The option bits that gradients know. */
  readonly #bits: number;
  /** With `stream` and cut in time the basepoint is staged as a first point, so that it falls into its own segment. */
  readonly #basepointIsPoint: boolean;
  readonly #carried: number;
  readonly #scratchBytes: number;
  /** Addresses of what is staged and of what comes back. */
  readonly #at: Record<Region, number>;

  /** @param signatures - rows as the kernel wants them (see `signature_vjp` in abi.ts) */
  constructor(instance: Instance, call: Call, signatures: Numbers, lone: boolean) {
    const { batch, channels, depth, bytes, row, rows, size, stream } = call;
    const plan = planVjp(call);
    const { paths, steps } = plan;
    const cut = plan.segments > 1;
    this.#instance = instance;
    this.#call = call;
    this.#plan = plan;
    this.#bits = (call.bits & 7) | (lone && !cut ? LONE : 0);
    this.#basepointIsPoint = stream && cut && call.basepoint !== undefined;
    this.#carried = cut ? instance.kernels.vjp_carry_numbers(channels, depth, this.#bits) >>> 0 : 0;
    this.#scratchBytes = vjpScratchFor(instance, call, this.#bits);
    const points = Math.min(call.points + (this.#basepointIsPoint ? 1 : 0), steps + 1);
    const staged = paths * (stream ? Math.min(rows, steps) : 1);
    this.#signatures = signatures;
    this.#signatureRow = signatures.length / (batch * rows);
    const withBasepoint = call.basepoint === undefined ? 0 : paths * channels;
    // Streams continue from the signature where a segment begins.
    const withInitial = call.initial !== undefined || (stream && cut) ? paths * size : 0;
    let end = 0;
    const region = (count: number, each = bytes): number => {
      const at = end;
      end += alignLarge(count * each);
      return at;
    };
    const at = {
      lengths: region(paths, 4),
      input: region(paths * points * channels),
      output: region(paths * points * channels),
      signatures: region(staged * this.#signatureRow),
      cotangents: region(staged * row),
      basepoint: region(withBasepoint),
      outBasepoint: region(withBasepoint),
      initial: region(withInitial),
      outInitial: region(withInitial),
      carry: region(paths * this.#carried),
      scratch: region(this.#scratchBytes, 1),
    };
    const base = instance.reserve(end);
    for (const name in at) at[name as Region] += base;
    this.#at = at;
  }

  get #heap(): Numbers {
    return heapOf(this.#instance, this.#call.dtype);
  }

  /** All blocks. */
  run(cotangents: ReadRows, to: GradientArrays): void {
    const { batch, checkFinite } = this.#call;
    let finite = true;
    for (let first = 0; first < batch; first += this.#plan.paths) {
      finite = this.#block(first, Math.min(this.#plan.paths, batch - first), cotangents, to) && finite;
    }
    if (!finite && checkFinite) checkCotangent(this.#call, cotangents);
  }

  /** Paths [first, first + paths); says whether the kernel found all cotangents finite. */
  #block(first: number, paths: number, cotangents: ReadRows, to: GradientArrays): boolean {
    const call = this.#call;
    const { basepoint, initial, channels, size, bytes, stream, inverse } = call;
    const { segments } = this.#plan;
    const cut = segments > 1;
    let basepointStride = 0;
    if (basepoint !== undefined) {
      basepointStride = stageBasepoint(
        basepoint,
        channels,
        pathsAsTheyStand,
        first,
        paths,
        this.#heap,
        this.#at.basepoint / bytes,
        false,
      );
    }
    let initialStride = 0;
    if (initial !== undefined) {
      const each = stream && cut;
      initialStride = stageRows(
        initial,
        size,
        pathsAsTheyStand,
        first,
        paths,
        this.#heap,
        this.#at.initial / bytes,
        each,
      );
    }
    let finite = true;
    for (let turn = 0; turn < segments; turn++) {
      const s = stream ? segments - 1 - turn : turn;
      const last = turn === segments - 1;
      const points = this.#stagePoints(first, paths, s, basepointStride);
      this.#stageRows(first, paths, s, cotangents, turn === 0);
      if (stream && s > 0) this.#stageStart(first, paths, s);
      else if (stream && cut && initial !== undefined) {
        stageRows(initial, size, pathsAsTheyStand, first, paths, this.#heap, this.#at.initial / bytes, true);
      }
      const hasBasepoint =
        basepoint !== undefined && !this.#basepointIsPoint && (stream || s === (inverse ? segments - 1 : 0));
      const continued = initial !== undefined || (stream && s > 0);
      // Gradients of what was continued come with the first step of a path.
      const wantsInitial = to.initial !== undefined && (stream ? last : turn === 0);
      const done = this.#instance.kernels.signature_vjp(
        call.dtype,
        this.#at.input,
        paths,
        points,
        channels,
        call.depth,
        this.#at.lengths,
        hasBasepoint ? this.#at.basepoint : 0,
        hasBasepoint ? basepointStride : 0,
        continued ? this.#at.initial : 0,
        stream && cut ? size : initialStride,
        this.#at.signatures,
        this.#signatureRow,
        this.#at.cotangents,
        this.#bits | (turn > 0 ? CONTINUED : 0) | (last ? 0 : CONTINUES),
        this.#at.output,
        hasBasepoint && to.basepoint !== undefined ? this.#at.outBasepoint : 0,
        wantsInitial ? this.#at.outInitial : 0,
        cut ? this.#at.carry : 0,
        this.#at.scratch,
        this.#scratchBytes,
      );
      if (done < 0) throw internal(call, `code ${done}`);
      if (done === COTANGENTS_NOT_FINITE) finite = false;
      else if (done !== code.FINE) throw internal(call, `code ${done}`);
      const heap = this.#heap;
      if (hasBasepoint) to.basepoint?.(heap, this.#at.outBasepoint / bytes, first, paths);
      if (wantsInitial) to.initial?.(heap, this.#at.outInitial / bytes, first, paths);
      this.#takePoints(first, paths, s, points, last, to);
    }
    return finite;
  }

  /** The segment's points of each path to the input region, and their numbers; returns how many points the call has. */
  #stagePoints(first: number, paths: number, s: number, basepointStride: number): number {
    const call = this.#call;
    const { view, kind, starts } = call.paths;
    const { channels, bytes, stream, points } = call;
    const heap = this.#heap;
    const input = this.#at.input / bytes;
    const counts = this.#instance.u32.subarray(this.#at.lengths / 4, this.#at.lengths / 4 + paths);
    if (this.#plan.segments === 1) {
      for (let i = 0; i < paths; i++) counts[i] = lengthOf(call, first + i);
      if (starts === undefined) {
        copyIn(view, kind, first * points * channels, paths * points * channels, heap, input);
      } else {
        for (let i = 0; i < paths; i++) {
          const count = lengthOf(call, first + i) * channels;
          copyIn(view, kind, startOf(call, first + i), count, heap, input + i * points * channels);
        }
      }
      return points;
    }
    const extra = this.#basepointIsPoint ? 1 : 0;
    const parts = Array.from({ length: paths }, (_, i) =>
      segmentPoints(this.#plan, s, lengthOf(call, first + i) + extra - 1, call.inverse),
    );
    // With `stream` a path fills the segment's rows, by repeating if it is over.
    const most = stream
      ? Math.min(this.#plan.steps, call.rows - s * this.#plan.steps) + 1
      : parts.reduce((longest, { count }) => Math.max(longest, count), 1);
    for (const [i, part] of parts.entries()) {
      let { from, count } = part;
      let to = input + i * most * channels;
      counts[i] = count;
      if (extra === 1 && from === 0) {
        const at = this.#at.basepoint / bytes + i * basepointStride;
        heap.copyWithin(to, at, at + channels);
        to += channels;
        count -= 1;
      } else from -= extra;
      copyIn(view, kind, startOf(call, first + i) + from * channels, count * channels, heap, to);
    }
    return most;
  }

  /** The rows of signatures and cotangents that a segment needs. Whole signatures have one, the same for all segments. */
  #stageRows(first: number, paths: number, s: number, cotangents: ReadRows, fresh: boolean): void {
    const { row, rows, bytes, stream } = this.#call;
    if (!stream && !fresh) return;
    const heap = this.#heap;
    const own = dtypeOfKind(this.#call.dtype);
    const count = stream ? Math.min(this.#plan.steps, rows - s * this.#plan.steps) : 1;
    const copy = (view: ReadRows["view"], kind: ReadRows["kind"], row: number, to: number) => {
      if (count === rows) copyIn(view, kind, first * rows * row, paths * rows * row, heap, to / bytes);
      else {
        for (let i = 0; i < paths; i++) {
          const from = ((first + i) * rows + s * this.#plan.steps) * row;
          copyIn(view, kind, from, count * row, heap, to / bytes + i * count * row);
        }
      }
    };
    copy(this.#signatures, own, this.#signatureRow, this.#at.signatures);
    copy(cotangents.view, cotangents.kind, row, this.#at.cotangents);
  }

  /** The signature that each path has come to where a segment of a stream begins. */
  #stageStart(first: number, paths: number, s: number): void {
    const { row, rows, size, bytes } = this.#call;
    for (let i = 0; i < paths; i++) {
      const at = ((first + i) * rows + s * this.#plan.steps) * row - size;
      this.#heap.set(this.#signatures.subarray(at, at + size), this.#at.initial / bytes + i * size);
    }
  }

  /** Gradients of the segment's points to their places. The point in which a piece of time ends belongs to the piece that comes next. */
  #takePoints(first: number, paths: number, s: number, points: number, last: boolean, to: GradientArrays): void {
    const call = this.#call;
    const { channels, bytes, stream, inverse } = call;
    const heap = this.#heap;
    const output = this.#at.output / bytes;
    const length = call.points * channels;
    if (this.#plan.segments === 1) {
      copyOut(heap, output, paths * length, to.paths, first * length);
      return;
    }
    const extra = this.#basepointIsPoint ? 1 : 0;
    for (let i = 0; i < paths; i++) {
      let { from, count } = segmentPoints(this.#plan, s, lengthOf(call, first + i) + extra - 1, inverse);
      let at = output + i * points * channels;
      if (!last) {
        count -= 1;
        // Whole signatures leave the end of travel, streams its beginning.
        if (stream !== inverse) {
          from += 1;
          at += channels;
        }
      }
      if (count === 0) continue;
      if (extra === 1 && from === 0) {
        to.basepoint?.(heap, at, first + i, 1);
        at += channels;
        count -= 1;
      } else from -= extra;
      copyOut(heap, at, count * channels, to.paths, (first + i) * length + from * channels);
    }
  }
}
