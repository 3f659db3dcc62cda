// One block of a call in memory: where its regions lie, items copied in, results copied out. The memory may be any: an instance's
// arena (batch.ts), or what a thread pool hands to its workers (ts/pool). Which items make a block is cut.ts's, streams that are
// cut in time are chain.ts's; kernels are called elsewhere.

import { copyIn, copyOut } from "../input/arrays.ts";
import { type Call, startOf } from "../input/call.ts";
import type { ReadRows } from "../input/paths.ts";
import { alignLarge, heapOf, stageBasepoint, stagePoints, stageRows } from "./arena.ts";
import type { Cut } from "./cut.ts";
import { headBytes, type Staged, stretchOptions } from "./task.ts";

/** Memory as numbers of every type, as an instance has it. */
export interface Memory {
  readonly f32: Float32Array;
  readonly f64: Float64Array;
  readonly u32: Uint32Array;
  /** Where whoever does the task can reach memory that the caller shares: the number that such a buffer is known by. */
  readonly sourceOf?: (buffer: SharedArrayBuffer) => number;
}

/** How much a block stages. */
export interface BlockSizes {
  readonly items: number;
  /** Points that each item has room for. */
  readonly points: number;
  readonly lengths: boolean;
  /** Rows of basepoints and of initial signatures: none, one for all, or one for each item. */
  readonly basepoints: number;
  readonly initials: number;
  /** Bytes of a list of what is to be taken from elsewhere. */
  readonly list: number;
  /** Numbers of output. */
  readonly output: number;
}

/** Byte offsets of a block's regions from its head on; 0 for regions that are not there. */
export class Layout {
  readonly lengths: number;
  readonly basepoint: number;
  readonly initial: number;
  readonly list: number;
  /** The last of what is staged, so that it can be left out where it is taken from elsewhere. */
  readonly input: number;
  readonly output: number;
  readonly end: number;

  constructor(call: Call, sizes: BlockSizes) {
    const { channels, bytes, size } = call;
    let at = headBytes;
    const region = (length: number): number => {
      const begin = at;
      at += alignLarge(length);
      return length === 0 ? 0 : begin;
    };
    this.lengths = region(sizes.lengths ? sizes.items * 4 : 0);
    this.basepoint = region(sizes.basepoints * channels * bytes);
    this.initial = region(sizes.initials * size * bytes);
    this.list = region(sizes.list);
    this.input = region(sizes.items * sizes.points * channels * bytes);
    this.output = region(sizes.output * bytes);
    this.end = at;
  }
}

/** Items of one call that stand side by side in a block. */
export interface Part {
  readonly cut: Cut;
  /** The first item, and how many. */
  readonly first: number;
  readonly count: number;
}

const rowsOf = (given: ReadRows | true | undefined, items: number): number =>
  given === undefined ? 0 : given === true || given.stride === 0 ? 1 : items;

/**
 * Items that one task computes: of one call, or of several calls with equal options. All are whole paths, or all are stretches
 * of paths that are cut.
 */
export class Block {
  readonly parts: readonly Part[];
  readonly items: number;
  readonly points: number;
  readonly layout: Layout;
  /** Whether the items are whole paths. */
  readonly whole: boolean;
  /** Numbers of output of an item. */
  readonly itemOutput: number;

  /** `list`: bytes of a list of points that are to be taken from elsewhere, where they are not staged. */
  constructor(parts: readonly Part[], list = 0) {
    const [{ cut, first }] = parts as [Part];
    const { call } = cut;
    let items = 0;
    let points = 1;
    let lengths = parts.length > 1;
    for (const part of parts) {
      items += part.count;
      points = Math.max(points, part.cut.roomOf(part.first + part.count - 1));
      lengths ||= !part.cut.inOrder || part.first >= part.cut.wholes;
    }
    const whole = first < cut.wholes;
    this.parts = parts;
    this.items = items;
    this.points = points;
    this.whole = whole;
    this.itemOutput = whole ? call.rows * call.row : call.size;
    const together = parts.length > 1 ? items : undefined;
    this.layout = new Layout(call, {
      items,
      points,
      lengths,
      basepoints: whole && call.basepoint !== undefined ? (together ?? rowsOf(call.basepoint, items)) : 0,
      initials: whole && call.initial !== undefined ? (together ?? rowsOf(call.initial, items)) : 0,
      list,
      output: items * this.itemOutput,
    });
  }

  get #call(): Call {
    return (this.parts[0] as Part).cut.call;
  }

  /** Copies the items to where the block begins, byte `at`. `bring` does it with their points. */
  stage(memory: Memory, at: number, bring: typeof stageItems = stageItems): Staged {
    const { layout, items, points, parts, whole } = this;
    const { channels, bytes, size, bits, dtype } = this.#call;
    const heap = heapOf(memory, dtype);
    const number = (offset: number) => (at + offset) / bytes;
    let basepointStride = 0;
    let initialStride = 0;
    let item = 0;
    const each = parts.length > 1;
    for (const { cut, first, count } of parts) {
      const { basepoint, initial } = cut.call;
      const input = number(layout.input) + item * points * channels;
      const lengths = layout.lengths && memory.u32;
      bring(cut, first, count, points, heap, input, lengths, (at + layout.lengths) / 4 + item);
      if (layout.basepoint) {
        const to = number(layout.basepoint) + item * channels;
        basepointStride = stageBasepoint(basepoint as ReadRows | true, channels, cut, first, count, heap, to, each);
      }
      if (layout.initial) {
        const to = number(layout.initial) + item * size;
        initialStride = stageRows(initial as ReadRows, size, cut, first, count, heap, to, each);
      }
      item += count;
    }
    return {
      paths: layout.input,
      batch: items,
      points,
      lengths: layout.lengths,
      basepoint: layout.basepoint,
      basepointStride,
      initial: layout.initial,
      initialStride,
      options: whole ? bits : stretchOptions(bits),
      output: layout.output,
    };
  }

  /** Where the output of the block's item number `item` begins, in numbers, for a block at byte `at`. */
  outputOf(item: number, at: number): number {
    return (at + this.layout.output) / this.#call.bytes + item * this.itemOutput;
  }
}

/**
 * Copies the points of items [first, first + count), each `points` points after the one before, to `heap[to…]`, and how many
 * each has to `lengths[at…]`, where that is wanted.
 */
export function stageItems(
  cut: Cut,
  first: number,
  count: number,
  points: number,
  heap: Float32Array | Float64Array,
  to: number,
  lengths: Uint32Array | 0,
  at: number,
): void {
  const { call, paths } = cut;
  const { channels } = call;
  const { view, kind, starts } = call.paths;
  if (cut.inOrder && call.points === points) {
    copyIn(view, kind, startOf(call, cut.pathOf(first)), count * points * channels, heap, to);
    if (lengths) lengths.fill(points, at, at + count);
    return;
  }
  const end = first + count;
  const wholes = Math.min(end, cut.wholes);
  const pitch = points * channels;
  let item = first;
  // Ragged batches of short paths: nothing is looked up twice.
  if (paths !== undefined && call.lengths !== undefined && starts === undefined) {
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
    stagePoints(call, cut.pathOf(item), item < wholes ? 0 : cut.stretchOf(item).from, length, heap, to);
    if (lengths) lengths[at] = length;
  }
}

/** Copies the results of whole paths, items [first, first + count), from `heap[from…]` to their places in the call's result. */
export function deliverItems(
  cut: Cut,
  first: number,
  count: number,
  heap: Float32Array | Float64Array,
  from: number,
  result: Float32Array | Float64Array,
): void {
  const { rows, row } = cut.call;
  const numbers = rows * row;
  if (cut.inOrder) {
    copyOut(heap, from, count * numbers, result, cut.pathOf(first) * numbers);
    return;
  }
  const end = first + count;
  for (let item = first; item < end; item++, from += numbers) {
    copyOut(heap, from, numbers, result, cut.pathOf(item) * numbers);
  }
}
