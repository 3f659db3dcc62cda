// One block of a call in memory: where its regions lie, items copied in, results copied out. The memory may be any: an instance's
// arena (batch.ts), or what a thread pool hands to its workers (ts/pool). Which items make a block is cut.ts's, streams that are
// cut in time are chain.ts's; kernels are called elsewhere.

import { alignLarge, heapOf, stageBasepoint, stageRows } from "./arena.ts";
import { copyIn, copyOut } from "./arrays.ts";
import { type Call, startOf } from "./call.ts";
import type { Cut } from "./cut.ts";
import type { ReadRows } from "./input.ts";
import { gatherEntry, headBytes, stretchOptions, writeGather, writeSignature } from "./task.ts";

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
  /** Entries of the list of what is to be taken from elsewhere. */
  readonly gathers: number;
  /** Numbers of output. */
  readonly output: number;
}

/** Byte offsets of a block's regions from its head on; 0 for regions that are not there. */
export class Layout {
  readonly lengths: number;
  readonly basepoint: number;
  readonly initial: number;
  readonly gather: number;
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
    this.gather = region(sizes.gathers * gatherEntry * 8);
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
  /** Entries of the list of what to take from memory that the caller shares; 0 where everything is staged. */
  readonly #gathers: number;

  constructor(parts: readonly Part[]) {
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
    this.#gathers = gathersOf(parts, items * points);
    const together = parts.length > 1 ? items : undefined;
    this.layout = new Layout(call, {
      items,
      points,
      lengths,
      basepoints: whole && call.basepoint !== undefined ? (together ?? rowsOf(call.basepoint, items)) : 0,
      initials: whole && call.initial !== undefined ? (together ?? rowsOf(call.initial, items)) : 0,
      gathers: this.#gathers,
      output: items * this.itemOutput,
    });
  }

  get #call(): Call {
    return (this.parts[0] as Part).cut.call;
  }

  /** Copies the items to where the block begins, byte `at`, and writes the task's head. */
  stage(memory: Memory, at: number): void {
    const { layout, items, points, parts, whole } = this;
    const { channels, bytes, size, bits, dtype, depth } = this.#call;
    const { u32 } = memory;
    const heap = heapOf(memory, dtype);
    const number = (offset: number) => (at + offset) / bytes;
    const source = this.#gathers > 0 ? memory.sourceOf?.(this.#call.paths.view.buffer as SharedArrayBuffer) : undefined;
    let basepointStride = 0;
    let initialStride = 0;
    let item = 0;
    const each = parts.length > 1;
    for (const { cut, first, count } of parts) {
      const { basepoint, initial } = cut.call;
      const input = number(layout.input) + item * points * channels;
      const lengths = layout.lengths === 0 ? undefined : u32;
      const lengthsAt = (at + layout.lengths) / 4 + item;
      if (source === undefined) stageItems(cut, first, count, points, heap, input, lengths, lengthsAt);
      else {
        const list = (at + layout.gather) / 8;
        listItems(cut, first, count, points, memory.f64, list, layout.input / bytes, lengths, lengthsAt);
      }
      if (layout.basepoint !== 0) {
        const to = number(layout.basepoint) + item * channels;
        basepointStride = stageBasepoint(basepoint as ReadRows | true, channels, cut, first, count, heap, to, each);
      }
      if (layout.initial !== 0) {
        const to = number(layout.initial) + item * size;
        initialStride = stageRows(initial as ReadRows, size, cut, first, count, heap, to, each);
      }
      item += count;
    }
    writeSignature(u32, at, {
      dtype,
      channels,
      depth,
      options: whole ? bits : stretchOptions(bits),
      staged: source === undefined ? layout.input + items * points * channels * bytes : layout.input,
      output: layout.output,
      end: layout.end,
      paths: layout.input,
      batch: items,
      points,
      lengths: layout.lengths,
      basepoint: layout.basepoint,
      basepointStride,
      initial: layout.initial,
      initialStride,
    });
    if (source !== undefined) writeGather(u32, at, { source, dtype, list: layout.gather, count: this.#gathers });
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
function stageItems(
  cut: Cut,
  first: number,
  count: number,
  points: number,
  heap: Float32Array | Float64Array,
  to: number,
  lengths: Uint32Array | undefined,
  at: number,
): void {
  const { call, paths } = cut;
  const { channels } = call;
  const { view, kind, starts } = call.paths;
  if (cut.inOrder && call.points === points) {
    copyIn(view, kind, startOf(call, cut.pathOf(first)), count * points * channels, heap, to);
    lengths?.fill(points, at, at + count);
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
      if (lengths !== undefined) lengths[at] = length;
    }
  }
  for (; item < end; item++, to += pitch, at++) {
    const length = cut.pointsOf(item);
    if (item < wholes) copyIn(view, kind, startOf(call, cut.pathOf(item)), length * channels, heap, to);
    else stageStretch(cut, item, length, heap, to);
    if (lengths !== undefined) lengths[at] = length;
  }
}

/** Smaller blocks are not worth a message about where they lie. */
const leastGather = 16384;

/** Whether so many numbers of a call's paths are worth being taken from where the caller has them, and can be: in memory that it shares, of the call's number type. */
export function canGather({ paths, dtype, channels }: Call, numbers: number): boolean {
  const { view, kind } = paths;
  const isShared = typeof SharedArrayBuffer === "function" && view.buffer instanceof SharedArrayBuffer;
  return isShared && kind === dtype && numbers * channels >= leastGather;
}

/** Entries of the list with which a block is taken from memory that the caller shares; 0 where it is not. */
function gathersOf(parts: readonly Part[], numbers: number): number {
  const [{ cut, first, count }] = parts as [Part];
  const { call } = cut;
  if (parts.length > 1 || !canGather(call, numbers)) return 0;
  if (cut.inOrder) return 1;
  // A basepoint before a stretch is not the caller's memory.
  for (let item = Math.max(first, cut.wholes); item < first + count; item++) {
    if (cut.stretchOf(item).from < 0) return 0;
  }
  return count;
}

/** As {@link stageItems}, but lists what goes where, for who can reach it: where it begins in its buffer, how much, and where to. */
function listItems(
  cut: Cut,
  first: number,
  count: number,
  points: number,
  list: Float64Array,
  at: number,
  to: number,
  lengths: Uint32Array | undefined,
  lengthsAt: number,
): void {
  const { call } = cut;
  const { channels, bytes } = call;
  const begin = call.paths.view.byteOffset / bytes;
  if (cut.inOrder) {
    list[at] = begin + startOf(call, cut.pathOf(first));
    list[at + 1] = count * points * channels;
    list[at + 2] = to;
    lengths?.fill(points, lengthsAt, lengthsAt + count);
    return;
  }
  for (let i = 0; i < count; i++, at += gatherEntry) {
    const item = first + i;
    const length = cut.pointsOf(item);
    const from = item < cut.wholes ? 0 : cut.stretchOf(item).from * channels;
    list[at] = begin + startOf(call, cut.pathOf(item)) + from;
    list[at + 1] = length * channels;
    list[at + 2] = to + i * points * channels;
    if (lengths !== undefined) lengths[lengthsAt + i] = length;
  }
}

/** Copies a stretch of a path, a basepoint in front where it begins with it. */
function stageStretch(cut: Cut, item: number, length: number, heap: Float32Array | Float64Array, to: number): void {
  const { call } = cut;
  const { channels, basepoint } = call;
  const { view, kind } = call.paths;
  const start = startOf(call, cut.pathOf(item));
  const { from } = cut.stretchOf(item);
  if (from >= 0) copyIn(view, kind, start + from * channels, length * channels, heap, to);
  else {
    stageBasepoint(basepoint as ReadRows | true, channels, cut, item, 1, heap, to, false);
    copyIn(view, kind, start, (length - 1) * channels, heap, to + channels);
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
