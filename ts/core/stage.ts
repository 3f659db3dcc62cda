// One block of a call, perhaps cut into segments of time: stages the part of each path that a segment holds, runs the kernel
// on it, carries on what the segment came to. How blocks and segments are cut is blocks.ts's.

import { code, SCALAR_TERM } from "./abi.ts";
import { alignLarge, heapOf, scratchFor, stageBasepoint, stageInitial } from "./arena.ts";
import { copyIn, copyOut } from "./arrays.ts";
import type { BlockPlan } from "./blocks.ts";
import { type Call, internal, lengthOf, startOf } from "./call.ts";
import { checkPaths } from "./finite.ts";
import type { Instance } from "./instance.ts";

/** The arena as laid out for one call, and the work on one block. */
export class Stage {
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
