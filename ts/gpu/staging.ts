// What a block reads, staged for the device: points, lengths, basepoints, initial signatures. What
// is on the device already is bound where it lies. Nothing is computed here.

import { copyIn, KIND_FLOAT32, type NumericView } from "../input/arrays.ts";
import { type Call, lengthOf, startOf } from "../input/call.ts";
import type { ReadRows } from "../input/rows.ts";
import type { Block } from "./blocks.ts";
import type { Device } from "./device.ts";
import type { Holdings } from "./memory.ts";
import type { BlockRegions } from "./path-kernels.ts";
import { partOf, type Region } from "./regions.ts";
import { STORAGE } from "./usage.ts";

/** A row for all paths, or one for each. */
export interface Rows {
  readonly region: Region;
  /** Numbers from one path's to the next one's. */
  readonly stride: number;
}

/** The numbers that a block reads. */
export class Staging {
  readonly #device: Device;
  readonly #call: Call;
  readonly #lengths: GPUBuffer | undefined;
  /** Where numbers are converted; as large as the largest block so far. */
  #scratch = new Float32Array(0);

  /** `lengths`: those of all paths, where they are on the device already. */
  constructor(device: Device, call: Call, lengths?: GPUBuffer) {
    this.#device = device;
    this.#call = call;
    this.#lengths = lengths;
  }

  /** A block's paths, their lengths and basepoints. */
  paths(block: Block, holdings: Holdings): Pick<BlockRegions, "points" | "lengths" | "basepoints"> {
    return {
      points: this.points(block, holdings),
      lengths: block.ragged ? this.lengths(block, holdings) : undefined,
      basepoints: block.basepoint ? this.basepoints(block, holdings) : undefined,
    };
  }

  points(block: Block, holdings: Holdings): Region {
    const { channels, points, paths } = this.#call;
    const count = block.paths * block.points * channels;
    if (paths.resident) {
      const { buffer, offset } = paths.resident;
      const from = (block.first * points + block.from) * channels;
      return { buffer: buffer as GPUBuffer, at: offset + 4 * from, bytes: 4 * count };
    }
    const { view, kind, starts } = paths;
    if (starts === undefined) {
      return this.#upload(view, kind, startOf(this.#call, block.first) + block.from * channels, count, holdings);
    }
    // Ragged paths lie without gaps and go to multiples of the longest.
    const staged = this.#scratchFor(count);
    for (let i = 0; i < block.paths; i++) {
      const path = block.first + i;
      const own = Math.min(lengthOf(this.#call, path) - block.from, block.points) * channels;
      copyIn(view, kind, startOf(this.#call, path) + block.from * channels, own, staged, i * block.points * channels);
    }
    return this.write(staged.subarray(0, count), holdings);
  }

  /** Lengths of a ragged block's paths. */
  lengths({ first, paths }: Block, holdings: Holdings): Region {
    if (this.#lengths) return { buffer: this.#lengths, at: 4 * first, bytes: 4 * paths };
    return this.write(this.#call.lengths!.slice(first, first + paths), holdings);
  }

  basepoints({ first, paths }: Block, holdings: Holdings): Rows {
    const { basepoint, channels } = this.#call;
    if (basepoint === true) return { region: this.write(new Float32Array(channels), holdings), stride: 0 };
    return this.rows(basepoint!, channels, first, paths, holdings);
  }

  /** Initial signatures as they were given, without their scalar terms. */
  initials({ first, paths }: Block, holdings: Holdings): Rows {
    const { initial, size } = this.#call;
    return this.rows(initial!, size, first, paths, holdings);
  }

  /** The last `count` numbers of each row. */
  rows(rows: ReadRows, count: number, first: number, paths: number, holdings: Holdings): Rows {
    const { view, kind, stride, width, resident } = rows;
    const before = width - count;
    const from = stride === 0 ? 0 : first * width;
    const all = (stride === 0 ? 1 : paths) * width;
    const region = resident
      ? { buffer: resident.buffer as GPUBuffer, at: resident.offset + 4 * from, bytes: 4 * all }
      : this.#upload(view, kind, from, all, holdings);
    return { region: partOf(region, before, all - before), stride };
  }

  #upload(view: NumericView, kind: ReadRows["kind"], from: number, count: number, holdings: Holdings): Region {
    if (kind === KIND_FLOAT32 && !isShared(view.buffer)) {
      const part = new Float32Array(view.buffer as ArrayBuffer, view.byteOffset + 4 * from, count);
      return this.write(part, holdings);
    }
    const staged = this.#scratchFor(count);
    copyIn(view, kind, from, count, staged, 0);
    return this.write(staged.subarray(0, count), holdings);
  }

  write(numbers: Float32Array<ArrayBuffer> | Uint32Array<ArrayBuffer>, holdings: Holdings): Region {
    const bytes = numbers.byteLength;
    const buffer = holdings.take(Math.max(4, bytes), STORAGE);
    if (bytes > 0) this.#device.gpu.queue.writeBuffer(buffer, 0, numbers);
    return { buffer, at: 0, bytes };
  }

  #scratchFor(count: number): Float32Array<ArrayBuffer> {
    if (this.#scratch.length < count) this.#scratch = new Float32Array(count);
    return this.#scratch;
  }
}

/** Implementations differ in whether they read memory that threads share. */
const isShared = (buffer: ArrayBufferLike): boolean =>
  typeof SharedArrayBuffer === "function" && buffer instanceof SharedArrayBuffer;
