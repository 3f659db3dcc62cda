// A tile of signature kernels as a task: what is staged, and where its numbers go.

import { heapOf, Layout, type Memory, writeHead, writeRegion } from "../run/head.ts";
import type { Task } from "../run/task.ts";
import type { KernelCall } from "./signature-kernel-call.ts";
import type { Side } from "./signature-kernel-side.ts";
import type { KernelJob, Tile } from "./signature-kernel-tiles.ts";

/** Codes, option bits and regions of the operations (crates/wasm/src/ops/signature_kernel.rs). */
const KERNEL = 32;
const KERNEL_VJP = 33;
const PAIRS = 4;
const TRIANGLE = 8;
const LEAST = 16;
const SCALED = 32;
const X = 0;
const Y = 1;
const Y_LENGTHS = 2;
const OUT = 3;
const COTANGENTS = 4;
const BOUNDS = 5;
const X_BAR = 6;
const Y_BAR = 7;
const PARAMETERS = 8;

/** A tile as a task. */
export class TileTask implements Task {
  readonly isLight = false;
  readonly jobs: readonly [KernelJob];
  readonly #tile: Tile;
  readonly #layout = new Layout();
  readonly #parameters: number;
  readonly #bounds: number;
  readonly #lengths: readonly [number, number];
  readonly #points: readonly [number, number];
  readonly #cotangents: number;
  readonly #output: number;
  readonly #outputs: readonly [number, number];

  constructor(job: KernelJob, tile: Tile) {
    this.jobs = [job];
    this.#tile = tile;
    const { bytes, channels } = job.call;
    const { part, xs, ys, points } = tile;
    const layout = this.#layout;
    const kernels = part.pairs ? xs.length : xs.length * ys.length;
    const numbers = [xs.length * points[0] * channels, ys.length * points[1] * channels] as const;
    this.#parameters = layout.add(24);
    this.#bounds = layout.add(part.orders === "auto" ? 8 * (xs.length + ys.length) : 0);
    this.#lengths = [layout.add(part.x.lengths ? 4 * xs.length : 0), layout.add(part.y.lengths ? 4 * ys.length : 0)];
    this.#points = [layout.add(numbers[0] * bytes), layout.add(numbers[1] * bytes)];
    this.#cotangents = layout.add(part.cotangent ? kernels * bytes : 0);
    this.#output = layout.end;
    const { log } = (job.call as KernelCall).scheme;
    this.#outputs =
      part.wanted === undefined
        ? // Of logarithms: numbers, and exponents behind them.
          [layout.add((log ? 2 : 1) * kernels * bytes), this.#output + kernels * bytes]
        : [layout.add(part.wanted[0] ? numbers[0] * bytes : 0), layout.add(part.wanted[1] ? numbers[1] * bytes : 0)];
  }

  get bytes(): number {
    return this.#layout.end;
  }

  get name(): string {
    const { xs, ys, part } = this.#tile;
    const named = (side: Side, paths: ArrayLike<number>) => `${side.name} ${paths[0]}…${paths[paths.length - 1]}`;
    return `kernels of ${named(part.x, xs)} and ${named(part.y, ys)}`;
  }

  writeHead(u32: Uint32Array, at: number): void {
    const call = this.jobs[0].call as KernelCall;
    const { part, xs, ys, points, triangle } = this.#tile;
    const { degree, kernel, log } = call.scheme;
    const [a, b] = part.orders === "auto" ? call.orders : part.orders;
    const flags =
      (part.pairs ? PAIRS : 0) | (triangle ? TRIANGLE : 0) | (part.orders === "auto" ? LEAST : 0) | (log ? SCALED : 0);
    writeHead(u32, at, {
      operation: part.cotangent ? KERNEL_VJP : KERNEL,
      dtype: call.dtype,
      channels: call.channels,
      depth: points[1],
      options: degree | flags | (a << 8) | (b << 16) | (kernel.code << 24),
      batch: xs.length,
      points: points[0],
      lengths: this.#lengths[0],
      row: ys.length,
      staged: this.#output,
      output: this.#output,
      end: this.#layout.end,
    });
    writeRegion(u32, at, X, this.#points[0], 0);
    writeRegion(u32, at, Y, this.#points[1], 0);
    writeRegion(u32, at, Y_LENGTHS, this.#lengths[1], 0);
    writeRegion(u32, at, COTANGENTS, this.#cotangents, 0);
    writeRegion(u32, at, BOUNDS, this.#bounds, 0);
    writeRegion(u32, at, PARAMETERS, this.#parameters, 0);
    writeRegion(u32, at, part.wanted ? X_BAR : OUT, this.#outputs[0], 0);
    writeRegion(u32, at, Y_BAR, this.#outputs[1], 0);
  }

  stage(memory: Memory, at: number): void {
    const call = this.jobs[0].call as KernelCall;
    const { part, xs, ys, points, triangle } = this.#tile;
    const { u32, f64 } = memory;
    const heap = heapOf(memory, call.dtype);
    this.writeHead(u32, at);
    f64.set(call.scheme.kernel.parameters, (at + this.#parameters) / 8);
    for (const [i, side, paths] of [[0, part.x, xs] as const, [1, part.y, ys] as const]) {
      const capacity = points[i] * call.channels;
      const lengthsAt = (at + this.#lengths[i]) / 4;
      const boundsAt = (at + this.#bounds) / 8 + i * xs.length;
      const bounds = part.orders === "auto" ? side.bounds(call.scheme.kernel).each : undefined;
      let to = (at + this.#points[i]) / call.bytes;
      for (let k = 0; k < paths.length; k++, to += capacity) {
        const path = paths[k] as number;
        const length = side.lengthOf(path);
        side.write(path, heap, to);
        if (side.lengths) u32[lengthsAt + k] = length;
        if (bounds) f64[boundsAt + k] = bounds[path] as number;
      }
    }
    const { cotangent } = part;
    if (cotangent === undefined) return;
    let to = (at + this.#cotangents) / call.bytes;
    for (let a = 0; a < xs.length; a++) {
      for (let b = part.pairs ? a : 0; b < (part.pairs ? a + 1 : ys.length); b++)
        heap[to++] = triangle && b < a ? 0 : cotangent(xs[a] as number, ys[b] as number);
    }
  }

  take(memory: Memory, at: number): void {
    const [job] = this.jobs;
    if (job.cancelled) return;
    const { bytes, dtype } = job.call;
    const [first, second] = this.#outputs;
    this.#tile.part.sink.put(this.#tile, heapOf(memory, dtype), (at + first) / bytes, (at + second) / bytes);
    job.finished();
  }

  separate(): readonly Task[] {
    return [this];
  }
}
