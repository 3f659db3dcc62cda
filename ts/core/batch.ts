// A call in several blocks, or cut in time, on this thread: runs its blocks in turn, and sees to it that those already written to
// `out` spoil nothing, neither inputs that are still to be read nor `out` itself where an error follows. Which items a block has is
// cut.ts's; how they get into memory and back stage.ts's and chain.ts's.

import { code } from "./abi.ts";
import { alignLarge, heapOf, scratchFor, stageRows } from "./arena.ts";
import { allocateNumbers, copyIn, copyOut, dtypeOfKind, type NumericView } from "./arrays.ts";
import { lanes, longestStretch, outputBytes, roomFor, streamSteps, wholeBudget } from "./blocks.ts";
import { type Call, internal } from "./call.ts";
import { Chain, isChained } from "./chain.ts";
import { blocksOf, type Cut, cutsOf, hasStretches, stretchesIn } from "./cut.ts";
import { checkPaths } from "./finite.ts";
import type { ReadPaths, ReadRows } from "./input.ts";
import type { Instance } from "./instance.ts";
import { Block, deliverItems } from "./stage.ts";
import { headBytes, perform } from "./task.ts";
import { rowsOfTree, Tree } from "./tree.ts";

/** A call in several blocks, or cut in time. */
export function runBlocks(
  instance: Instance,
  call: Call,
  out: Float32Array | Float64Array | undefined,
  count: number,
): Float32Array | Float64Array {
  // What is small is written to `out` in the end; what is large as blocks are done, so errors have to be found before.
  const direct = out !== undefined && count * call.bytes > outputBytes;
  if (direct) {
    if (call.checkFinite) checkPaths(call, 0, call.batch);
    keepApart(call, out);
  }
  const result = direct ? out : allocateNumbers(call.dtype, count, "paths");
  const run = new Run(instance, call, result);
  const chained = isChained(call, wholeBudget);
  for (const cut of cutsOf(call)) {
    for (const [first, items] of blocksOf(cut)) {
      if (chained) run.chain(new Chain(cut, first, items, wholeBudget));
      else run.block(new Block([{ cut, first, count: items }]));
    }
  }
  if (out === undefined || direct) return result;
  out.set(result);
  return out;
}

/** The work on one call's blocks, in the arena of an instance. */
class Run {
  readonly #instance: Instance;
  readonly #call: Call;
  readonly #result: Float32Array | Float64Array;
  readonly #base: number;
  readonly #scratch: number;
  readonly #scratchBytes: number;
  readonly #tree: Tree | undefined;
  /** Whether all numbers are known to be finite, or may be what they are. */
  #looked: boolean;

  constructor(instance: Instance, call: Call, result: Float32Array | Float64Array) {
    const { dtype, channels, depth, size, bytes } = call;
    const block = blockBytes(call);
    const treeBytes = hasStretches(call)
      ? alignLarge(rowsOfTree(Math.ceil((call.points + 1) / longestStretch(channels))) * size * bytes)
      : 0;
    this.#scratchBytes = scratchFor(instance, call);
    this.#base = instance.reserve(block + treeBytes + this.#scratchBytes);
    const tree = this.#base + block;
    this.#scratch = tree + treeBytes;
    this.#tree = treeBytes === 0 ? undefined : new Tree(instance, dtype, channels, depth, size * bytes, tree);
    this.#instance = instance;
    this.#call = call;
    this.#result = result;
    this.#looked = !call.checkFinite;
  }

  block(block: Block): void {
    block.stage(this.#instance, this.#base);
    this.#perform();
    const heap = heapOf(this.#instance, this.#call.dtype);
    for (const { cut, first, count } of block.parts) {
      const from = block.outputOf(0, this.#base);
      if (block.whole) deliverItems(cut, first, count, heap, from, this.#result);
      else this.#stretches(cut, first, count, heap, from);
    }
  }

  chain(chain: Chain): void {
    while (!chain.isDone) {
      chain.stage(this.#instance, this.#base);
      this.#perform();
      chain.take(this.#instance, this.#base, this.#result);
    }
  }

  #perform(): void {
    const done = perform(this.#instance, this.#base, this.#scratch, this.#scratchBytes);
    this.#instance.refresh();
    if (done < 0) throw internal(this.#call, `code ${done}`);
    if (done === code.INCREMENTS_NOT_FINITE && !this.#looked) {
      // In the order of the batch, whichever block it was, so that the first of several is named.
      checkPaths(this.#call, 0, this.#call.batch);
      this.#looked = true; // all are finite: it is the sum that overflows
    }
  }

  /** Results of consecutive stretches join those of their paths; a path's last one makes its signature. */
  #stretches(cut: Cut, first: number, count: number, heap: Float32Array | Float64Array, from: number): void {
    const tree = this.#tree as Tree;
    const { size, row, bytes, initial } = this.#call;
    for (let i = 0; i < count; i++) {
      const item = first + i;
      const { index } = cut.stretchOf(item);
      const path = cut.pathOf(item);
      if (index === 0 && initial !== undefined) {
        stageRows(initial, size, cut, item, 1, heap, tree.top / bytes, false);
        tree.begin();
      }
      heap.copyWithin(tree.top / bytes, from + i * size, from + (i + 1) * size);
      tree.push();
      if (index < stretchesIn(this.#call, path) - 1) continue;
      tree.finish();
      if (row > size) this.#result[path * row] = 1;
      copyOut(heap, tree.top / bytes, size, this.#result, (path + 1) * row - size);
    }
  }
}

/** Bytes that a block of the call stages at most. */
function blockBytes(call: Call): number {
  const { channels, bytes, size, row, rows, stream, batch } = call;
  const steps = stream ? streamSteps(call, wholeBudget) : 1;
  const points = stream
    ? Math.min(call.points, steps) + 1
    : hasStretches(call)
      ? roomFor(longestStretch(channels) + 2)
      : roomFor(call.points);
  const { input, output } = wholeBudget;
  const inputOf = points * channels * bytes;
  const outputOf = (stream ? Math.min(rows, steps) * row : Math.max(row, size)) * bytes;
  // As many as both budgets have room for, were all items of one point, but at least a vector's.
  const fitting = Math.max(lanes, Math.min(Math.floor(input / (channels * bytes)), Math.floor(output / outputOf)));
  const items = Math.min(hasStretches(call) ? batch * stretchesOfLongest(call) : batch, fitting);
  const chained = stream && steps < rows;
  const regions = [
    headBytes,
    items * 4,
    Math.min(Math.max(input, lanes * inputOf), items * inputOf),
    call.basepoint === undefined ? 0 : items * channels * bytes,
    call.initial === undefined && !chained ? 0 : items * size * bytes,
    items * outputOf,
  ];
  return regions.reduce((sum, region) => sum + alignLarge(region), 0);
}

const stretchesOfLongest = (call: Call): number => Math.ceil((call.points + 1) / longestStretch(call.channels));

/** Gives a call copies of those inputs that share memory with `out`, where writing blocks would spoil what later ones read. */
export function keepApart(call: Call, out: Float32Array | Float64Array): void {
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

/** Whether two views have a byte in common. */
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
