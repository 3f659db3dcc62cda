// A call in several blocks, or cut in time, on this thread: runs its blocks in turn, and sees to it that those already written to
// `out` spoil nothing, neither inputs that are still to be read nor `out` itself where an error follows. Which items a block has is
// cut.ts's; how they get into memory and back stage.ts's and chain.ts's.

import { allocateNumbers, copyOut, type NumericView } from "../input/arrays.ts";
import { type Call, internal } from "../input/call.ts";
import { checkPaths } from "../input/finite.ts";
import { code } from "../wasm/abi.ts";
import type { Instance } from "../wasm/instance.ts";
import { alignLarge, heapOf, scratchFor, stageRows } from "./arena.ts";
import { lanes, longestStretch, outputBytes, roomFor, streamSteps, wholeBudget } from "./blocks.ts";
import { Chain, isChained } from "./chain.ts";
import { blocksOf, type Cut, cutsOf, hasStretches, stretchesIn } from "./cut.ts";
import { Block, deliverItems } from "./stage.ts";
import { headBytes, runStaged, type Staged } from "./task.ts";
import { rowsOfTree, Tree } from "./tree.ts";

/** A call in several blocks, or cut in time. */
export function runBlocks(
  instance: Instance,
  call: Call,
  out: Float32Array | Float64Array | undefined,
  count: number,
): Float32Array | Float64Array {
  // What is small is written to `out` in the end; what is large as blocks are done, so errors have to be found before.
  const direct = out !== undefined && count * call.bytes > outputBytes && !spoils(call, out);
  if (direct && call.checkFinite) checkPaths(call, 0, call.batch);
  const result = direct ? out : allocateNumbers(call.dtype, count, "paths", true);
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
    const { channels, size, bytes } = call;
    const block = blockBytes(call);
    const treeBytes = hasStretches(call)
      ? alignLarge(rowsOfTree(Math.ceil((call.points + 1) / longestStretch(channels))) * size * bytes)
      : 0;
    this.#scratchBytes = scratchFor(instance, call);
    this.#base = instance.reserve(block + treeBytes + this.#scratchBytes);
    const tree = this.#base + block;
    this.#scratch = tree + treeBytes;
    this.#tree = treeBytes === 0 ? undefined : new Tree(instance, call, tree);
    this.#instance = instance;
    this.#call = call;
    this.#result = result;
    this.#looked = !call.checkFinite;
  }

  block(block: Block): void {
    this.#perform(block.stage(this.#instance, this.#base));
    const heap = heapOf(this.#instance, this.#call.dtype);
    for (const { cut, first, count } of block.parts) {
      const from = block.outputOf(0, this.#base);
      if (block.whole) deliverItems(cut, first, count, heap, from, this.#result);
      else this.#stretches(cut, first, count, heap, from);
    }
  }

  chain(chain: Chain): void {
    while (!chain.isDone) {
      this.#perform(chain.stage(this.#instance, this.#base));
      chain.take(this.#instance, this.#base, this.#result);
    }
  }

  #perform(staged: Staged): void {
    const done = runStaged(this.#instance, this.#call, staged, this.#base, this.#scratch, this.#scratchBytes);
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
  const { channels, bytes, size, row, rows, stream } = call;
  const steps = streamSteps(call, wholeBudget);
  const uncut = hasStretches(call) ? roomFor(longestStretch(channels) + 2) : roomFor(call.points);
  const points = stream ? Math.min(call.points, steps) + 1 : uncut;
  const outputOf = (stream ? Math.min(rows, steps) * row : Math.max(row, size)) * bytes;
  const { input, output } = wholeBudget;
  const inputOf = points * channels * bytes;
  // As many as both budgets have room for, were all items of one point, but at least a vector's.
  const items = Math.max(lanes, Math.min(Math.floor(input / (channels * bytes)), Math.floor(output / outputOf)));
  const staged = Math.min(Math.max(input, lanes * inputOf), items * inputOf);
  const given = (call.basepoint ? channels : 0) + (call.initial || stream ? size : 0);
  // Every region is rounded up.
  return alignLarge(headBytes + staged + items * (4 + given * bytes + outputOf)) + 6 * 64;
}

/** Whether a block's results, written to `out`, would spoil what later blocks read. */
export function spoils(call: Call, out: Float32Array | Float64Array): boolean {
  const { paths, basepoint, initial } = call;
  // Continuing in place: each block reads its rows before it writes the same ones.
  const inPlace =
    initial !== undefined &&
    !call.stream &&
    initial.view.byteOffset === out.byteOffset &&
    initial.view.byteLength === out.byteLength &&
    initial.stride === call.row;
  return [paths, basepoint, inPlace ? undefined : initial].some(
    (input) => typeof input === "object" && overlap(input.view, out),
  );
}

/** Whether two views have a byte in common. */
const overlap = (a: NumericView, b: NumericView): boolean =>
  a.buffer === b.buffer && a.byteOffset < b.byteOffset + b.byteLength && b.byteOffset < a.byteOffset + a.byteLength;
