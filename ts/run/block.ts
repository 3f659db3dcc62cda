// Tasks that compute items side by side: whole paths, rows, or stretches of paths. Lays out the
// regions of a task, stages the items and reads the results back. The items belong to one job, or
// to several with equal options.

import { copyIn, type Numbers } from "../input/arrays.ts";
import { type Call, lengthOf } from "../input/call.ts";
import { ReadRows } from "../input/rows.ts";
import { bufferOfView } from "../input/views.ts";
import { region } from "../wasm/abi.ts";
import type { Cut } from "./cut.ts";
import { gathersOf, listItems } from "./gather.ts";
import { gatherEntry, heapOf, Layout, type Memory, writeGather, writeHead, writeRegion } from "./head.ts";
import type { Input, Kernel, Output } from "./operation.ts";
import { stagePaths, stagePoints, stageRows } from "./rows.ts";
import type { Task } from "./task.ts";
import type { Work } from "./work.ts";

/** Consecutive items of one call in a task. */
export interface Part {
  readonly cut: Cut;
  /** The first item, and the number of items. */
  readonly first: number;
  readonly count: number;
}

/** A part, and the work that it belongs to. */
export interface Share {
  readonly work: Work;
  readonly part: Part;
}

/** Whether the gradient of an input is returned. The origin is a constant and has none. */
export const isWanted = (output: Output, call: Call): boolean =>
  output.of === undefined || output.of.of(call) instanceof ReadRows;

/** Rows of an output per item, if each item has capacity for `points` points. */
export const rowsOfItem = (output: Output, call: Call, points: number): number =>
  output.per === "item" ? 1 : output.per === "step" ? call.rows : points;

/** Copies rows [from, from + steps) of each item to `heap[at…]`. */
export function stageSteps(
  { view, kind, width }: ReadRows,
  { cut, first, count }: Part,
  from: number,
  steps: number,
  heap: Numbers,
  at: number,
): void {
  const { rows } = cut.call;
  if (steps === rows && cut.paths === undefined) {
    copyIn(view, kind, cut.pathOf(first) * rows * width, count * rows * width, heap, at);
    return;
  }
  for (let i = 0; i < count; i++) {
    const row = cut.pathOf(first + i) * rows + from;
    copyIn(view, kind, row * width, steps * width, heap, at + i * steps * width);
  }
}

/** Option bits with which the thread of the kernel expands what is staged of whole paths. */
export const expansionsOf = ({ paths }: Call): number => paths.augmented?.expansions ?? 0;

/** "path 3" or "paths 3…7". */
export const pathNames = (first: number, last: number, item: Call["item"] = "path"): string =>
  first === last ? `${item} ${first}` : `${item}s ${first}…${last}`;

export class BlockTask implements Task {
  readonly isLight = false;
  readonly #shares: readonly Share[];
  readonly #kernel: Kernel;
  /** Whether the items are whole paths. */
  readonly #whole: boolean;
  readonly #items: number;
  /** Option bits of what staging leaves to do; for whole paths only. */
  readonly #expansions: number;
  /** Capacity of each item, in points. */
  readonly #points: number;
  readonly #layout = new Layout();
  readonly #lengths: number;
  readonly #inputs: readonly number[];
  /**
   * Number of entries in the list of points that the kernel's thread copies from the caller's
   * shared memory, and the offset of the list.
   */
  readonly #gathers: number;
  readonly #list: number;
  /**
   * Last of the staged inputs, so that it can be omitted if the points are copied from elsewhere.
   */
  readonly #paths: number;
  readonly #output: number;
  readonly #outputs: readonly number[];

  constructor(shares: readonly Share[]) {
    const [{ work, part }] = shares as [Share];
    const { call } = part.cut;
    const { channels, bytes } = call;
    let items = 0;
    let points = 1;
    let lengths = shares.length > 1;
    for (const { part } of shares) {
      items += part.count;
      points = Math.max(points, part.cut.capacityOf(part.first + part.count - 1));
      lengths ||= !part.cut.inOrder || part.first >= part.cut.wholes;
    }
    if (call.points === 0) [points, lengths] = [0, false];
    this.#shares = shares;
    this.#whole = part.first < part.cut.wholes;
    this.#kernel = work.kernelOf(this.#whole);
    this.#items = items;
    this.#expansions = this.#whole ? expansionsOf(call) : 0;
    this.#points = points;
    this.#gathers = shares.length > 1 ? 0 : gathersOf(part);
    const layout = this.#layout;
    this.#lengths = layout.add(lengths ? 4 * items : 0);
    this.#inputs = this.#kernel.inputs.map((input) =>
      layout.add(this.#rowsOf(input, call) * input.width(call) * bytes),
    );
    this.#list = layout.add(this.#gathers * gatherEntry * 8);
    this.#paths = layout.add(items * points * channels * bytes);
    this.#output = layout.end;
    this.#outputs = this.#kernel.outputs.map((output) =>
      layout.add(isWanted(output, call) ? items * rowsOfItem(output, call, points) * output.width(call) * bytes : 0),
    );
  }

  get jobs(): Task["jobs"] {
    return this.#shares.map(({ work }) => work.job);
  }

  get bytes(): number {
    return this.#layout.end;
  }

  get name(): string {
    const [{ work, part }] = this.#shares as [Share];
    const { cut, first, count } = part;
    const paths = Array.from({ length: count }, (_, i) => cut.pathOf(first + i));
    const words = pathNames(
      paths.reduce((a, b) => Math.min(a, b)),
      paths.reduce((a, b) => Math.max(a, b)),
      cut.call.item,
    );
    return `${work.label}${this.#whole ? "" : "stretches of "}${words}`;
  }

  writeHead(u32: Uint32Array, at: number): void {
    const [{ part }] = this.#shares as [Share];
    const { call } = part.cut;
    const { dtype, channels, depth } = call;
    const kernel = this.#kernel;
    writeHead(u32, at, {
      operation: kernel.code,
      dtype,
      channels,
      depth,
      options: kernel.options(call) | this.#expansions,
      batch: this.#items,
      points: this.#points,
      lengths: this.#lengths,
      row: kernel.row?.(call) ?? 0,
      staged: this.#output,
      output: this.#output,
      end: this.#layout.end,
    });
    writeRegion(u32, at, region.PATHS, this.#paths, this.#points * channels);
    for (const [i, input] of kernel.inputs.entries()) {
      const isShared = this.#rowsOf(input, call) === 1 && input.per === "item";
      writeRegion(u32, at, input.region, this.#inputs[i] as number, isShared ? 0 : input.width(call));
    }
    for (const [i, output] of kernel.outputs.entries())
      writeRegion(u32, at, output.region, this.#outputs[i] as number, output.width(call));
  }

  /** Rows of an input that are staged. */
  #rowsOf(input: Input, call: Call): number {
    const given = input.of(call);
    if (given === undefined) return 0;
    if (input.per === "step") return this.#items * call.rows;
    return this.#shares.length === 1 && (given === true || given.stride === 0) ? 1 : this.#items;
  }

  stage(memory: Memory, at: number): void {
    const [{ part }] = this.#shares as [Share];
    const { call } = part.cut;
    const { dtype, channels, bytes } = call;
    const { u32 } = memory;
    const heap = heapOf(memory, dtype);
    this.writeHead(u32, at);
    const source = this.#gathers > 0 ? memory.sourceOf?.(bufferOfView(call.paths.view)) : undefined;
    if (source !== undefined) writeGather(u32, at, source, dtype, this.#list, this.#gathers, this.#paths);
    const lengths = this.#lengths && u32;
    let item = 0;
    for (const { part } of this.#shares) {
      const points = this.#paths / bytes + item * this.#points * channels;
      const lengthsAt = (at + this.#lengths) / 4 + item;
      if (source === undefined) stageItems(part, this.#points, heap, at / bytes + points, lengths, lengthsAt);
      else listItems(part, this.#points, memory.f64, (at + this.#list) / 8, points, lengths, lengthsAt);
      this.#stageInputs(part, item, at, heap);
      item += part.count;
    }
  }

  #stageInputs(part: Part, item: number, at: number, heap: Numbers): void {
    const { cut, first, count } = part;
    const { call } = cut;
    const each = this.#shares.length > 1;
    for (const [i, input] of this.#kernel.inputs.entries()) {
      const given = input.of(call);
      if (given === undefined) continue;
      const width = input.width(call);
      const rows = input.per === "step" ? call.rows : 1;
      const to = (at + (this.#inputs[i] as number)) / call.bytes + item * rows * width;
      if (input.per === "step") stageSteps(given as ReadRows, part, 0, rows, heap, to);
      else stageRows(given, width, cut, first, count, heap, to, each);
    }
  }

  take(memory: Memory, at: number, done: number): void {
    let item = 0;
    for (const { work, part } of this.#shares) {
      if (!work.job.cancelled) this.#takePart(work, part, item, memory, at, done);
      item += part.count;
    }
  }

  #takePart(work: Work, part: Part, item: number, memory: Memory, at: number, done: number): void {
    const { cut, first, count } = part;
    const { call } = cut;
    const again = work.again(part, done);
    const heap = heapOf(memory, call.dtype);
    for (const [i, output] of this.#kernel.outputs.entries()) {
      const offset = this.#outputs[i] as number;
      if (offset === 0) continue;
      const rows = rowsOfItem(output, call, this.#points);
      const numbers = rows * output.width(call);
      const from = (at + offset) / call.bytes + item * numbers;
      if (!this.#whole) {
        work.takeStretches(part, heap, from);
        continue;
      }
      const sink = work.sinks[i];
      // Rows of an item in the result. May be fewer than in the task: points past the end of a path
      // are not read back.
      const all = rowsOfItem(output, call, call.points);
      if (sink === undefined) continue;
      const isTogether = cut.paths === undefined && (output.per !== "point" || call.lengths === undefined);
      if (isTogether && again === undefined) sink.take(heap, from, cut.pathOf(first) * all, count * all);
      else {
        for (let k = 0; k < count; k++) {
          const path = cut.pathOf(first + k);
          if (again?.has(path)) continue;
          sink.take(heap, from + k * numbers, path * all, output.per === "point" ? lengthOf(call, path) : all);
        }
      }
    }
    if (this.#whole) work.finished(count - (again?.size ?? 0));
  }

  separate(): readonly Task[] {
    return this.#shares.length === 1 ? [this] : this.#shares.map((share) => new BlockTask([share]));
  }
}

/**
 * Copies the points of a part's items to `heap[to…]`, at intervals of `points` points. Writes the
 * number of points of each to `lengths[at…]`, if lengths are needed.
 */
function stageItems(
  { cut, first, count }: Part,
  points: number,
  heap: Numbers,
  to: number,
  lengths: Uint32Array | 0,
  at: number,
): void {
  const { call, paths } = cut;
  const { channels } = call;
  const { view, kind, starts, augmented } = call.paths;
  if (augmented === undefined && paths === undefined && call.lengths === undefined) {
    stagePaths(call, cut.pathOf(first), count, points, heap, to);
    if (lengths) lengths.fill(call.points, at, at + count);
    return;
  }
  const end = first + count;
  const wholes = Math.min(end, cut.wholes);
  const pitch = points * channels;
  let item = first;
  // The case of ragged batches of short paths: avoids repeated look-ups.
  if (augmented === undefined && paths !== undefined && call.lengths !== undefined && starts === undefined) {
    const pathNumbers = call.points * channels;
    for (; item < wholes; item++, to += pitch, at++) {
      const path = paths[item] as number;
      const length = call.lengths[path] as number;
      copyIn(view, kind, path * pathNumbers, length * channels, heap, to);
      if (lengths) lengths[at] = length;
    }
  }
  for (; item < end; item++, to += pitch, at++) {
    const length = cut.pointsOf(item);
    if (augmented?.expansions && item < wholes)
      augmented.writeStaged(cut.pathOf(item), length, heap, to + length * channels);
    else stagePoints(call, cut.pathOf(item), item < wholes ? 0 : cut.stretchOf(item).from, length, heap, to);
    if (lengths) lengths[at] = length;
  }
}
