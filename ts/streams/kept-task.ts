// A task that is run again and again: its head, regions and scratch stay in the memory of an
// instance between calls. The caller writes inputs to the regions and reads outputs from there.

import type { DTypeIndex } from "../input/arrays.ts";
import { failure } from "../input/errors.ts";
import { align, type Head, heapOf, Layout, writeHead, writeRegion } from "../run/head.ts";
import { word } from "../wasm/abi.ts";
import type { Instance } from "../wasm/instance.ts";

/** What does not change from run to run. */
export type KeptShape = Pick<Head, "operation" | "dtype" | "channels" | "depth" | "options" | "batch" | "points">;

/**
 * A region: its index in the head, the size of one item and of all, in numbers. `isRaw`: it holds
 * anything at first, else zeros.
 */
export interface KeptRegion {
  readonly region: number;
  readonly stride: number;
  readonly numbers: number;
  readonly isRaw?: boolean;
}

/** Memory that nothing refers to any more, if its owner was not disposed of. */
const lost = /* @__PURE__ */ new FinalizationRegistry<() => void>((release) => release());

export class KeptTask {
  readonly instance: Instance;
  readonly dtype: DTypeIndex;
  readonly #head: number;
  /** Index in the head, and offset, of each region. */
  readonly #regions: readonly number[];
  readonly #offsets: number[];
  readonly #release: () => void;

  /** @throws PathSignatureError OUT_OF_MEMORY, SIZE_TOO_LARGE */
  constructor(instance: Instance, shape: KeptShape, regions: readonly KeptRegion[]) {
    const layout = new Layout();
    const bytes = shape.dtype === 0 ? 4 : 8;
    const offsets = regions.map(({ numbers }) => layout.add(numbers * bytes));
    const write = (at: number) => {
      const { u32 } = instance;
      writeHead(u32, at, { ...shape, lengths: 0, row: 0, staged: layout.end, output: layout.end, end: layout.end });
      for (const [i, { region, stride }] of regions.entries())
        writeRegion(u32, at, region, offsets[i] as number, stride);
    };
    write(instance.headAddress);
    const scratch = instance.scratchBytes(instance.headAddress);
    const all = align(layout.end) + scratch;
    const head = instance.allocate(all);
    write(head);
    const w = head / 4;
    instance.u32[w + word.SCRATCH] = head + align(layout.end);
    instance.u32[w + word.SCRATCH_BYTES] = scratch;
    this.instance = instance;
    this.dtype = shape.dtype;
    this.#head = head;
    this.#regions = regions.map(({ region }) => region);
    this.#offsets = offsets;
    const { heap } = this;
    // Zeros: the identity, where a region holds a state.
    for (const [i, { numbers, isRaw }] of regions.entries()) if (!isRaw) heap.fill(0, this.at(i), this.at(i) + numbers);
    this.#release = () => instance.kernels.release(head, all);
    lost.register(this, this.#release, this);
  }

  /** The memory as numbers. Valid until memory grows: not kept across calls. */
  get heap(): Float32Array | Float64Array {
    return heapOf(this.instance, this.dtype);
  }

  /** Index in the heap of the first number of region i. */
  at(i: number): number {
    return (this.#head + (this.#offsets[i] as number)) / (this.dtype === 0 ? 4 : 8);
  }

  /** Sets a word of the head. */
  set(index: number, value: number): void {
    this.instance.u32[this.#head / 4 + index] = value;
  }

  /** Bytes from the head to region i, as heads have it. */
  offset(i: number): number {
    return this.#offsets[i] as number;
  }

  /** Exchanges the places of two regions. */
  swap(i: number, j: number): void {
    const offsets = this.#offsets;
    [offsets[i], offsets[j]] = [offsets[j] as number, offsets[i] as number];
    for (const k of [i, j]) this.set(word.REGIONS + 2 * (this.#regions[k] as number), offsets[k] as number);
  }

  /**
   * Runs the kernel. @returns one of `code` (wasm/abi.ts), not negative
   * @throws PathSignatureError INTERNAL, with nothing written
   */
  run(): number {
    const done = this.instance.kernels.run(this.#head);
    this.instance.refresh();
    if (done >= 0) return done;
    const given = `code ${done}`;
    const message = `A kernel refused its task (${given}), a fault of path-signature: please report it`;
    throw failure("INTERNAL", "task", given, "a task that the kernel carries out", message);
  }

  release(): void {
    lost.unregister(this);
    this.#release();
  }
}
