// Signature kernels on a device: the tiles of a call, what is staged for each, and where their
// numbers go. What one dispatch computes is kernels/signature-kernel.wgsl.ts.

import { inspectKernels, type KernelCall, leastOrder } from "../../operations/signature-kernel-call.ts";
import type { Side } from "../../operations/signature-kernel-side.ts";
import { type Part, type Tile, tilesOf } from "../../operations/signature-kernel-tiles.ts";
import { dispatchOf } from "../dispatches.ts";
import {
  blockRows,
  type KernelForm,
  kernelInvocations,
  kernelParamNames,
  signatureKernelKernel,
  unitOf,
} from "../kernels/signature-kernel.wgsl.ts";
import type { Holdings } from "../memory.ts";
import type { GpuJob, GpuProgram, JobContext, PipelinesOf } from "../operation.ts";
import type { KernelPlan, KernelShape } from "../operations/signature-kernel.ts";
import type { Kernel } from "../pipelines.ts";
import { allocate } from "../regions.ts";
import { BlockReadback, type EncodedBlock, progressOf } from "../run-blocks.ts";
import { Staging } from "../staging.ts";

/** Two paths, by their places in a tile. */
type Pair = readonly [number, number];

/** Of steps as they are, and of those that are cut. */
type KernelsOfCall = { readonly plain?: Kernel; readonly refined?: Kernel };

export const signatureKernelProgram: GpuProgram<undefined, unknown, never, KernelPlan, KernelsOfCall> = {
  kernels(shape, { kernel }) {
    const { degree, code, channels } = shape as KernelShape;
    const form = { degree: degree as KernelForm["degree"], code, channels, shared: kernel === "workgroup" };
    return {
      plain: signatureKernelKernel({ ...form, refined: false }),
      refined: signatureKernelKernel({ ...form, refined: true }),
    };
  },
  job: (context, plan, pipelines) => new KernelsJob(context, plan, pipelines),
  upload() {
    throw new Error("kernels do not stay on a device");
  },
};

/** The dyadic orders of a pair. */
function ordersOf({ x, y, orders }: Part, { scheme }: KernelCall, i: number, j: number): readonly [number, number] {
  if (orders !== "auto") return orders;
  const bounds = (side: Side) => side.bounds(scheme.kernel).each;
  const order = leastOrder((bounds(x)[i] as number) * (bounds(y)[j] as number));
  return [order, order];
}

class KernelsJob implements GpuJob<undefined> {
  readonly blocks: readonly Tile[];
  readonly check: JobContext["check"];
  readonly onDone: ((operations: number) => void) | undefined;
  readonly #context: JobContext;
  readonly #call: KernelCall;
  readonly #plan: KernelPlan;
  readonly #pipelines: PipelinesOf<KernelsOfCall>;
  readonly #staging: Staging;
  #isFinite = true;

  constructor(context: JobContext, plan: KernelPlan, pipelines: PipelinesOf<KernelsOfCall>) {
    const { device, inputs, check, onProgress } = context;
    const call = inputs.call as KernelCall;
    this.#context = context;
    this.#call = call;
    this.#plan = plan;
    this.#pipelines = pipelines;
    this.#staging = new Staging(device, call);
    this.check = check;
    this.blocks = [...tilesOf(inputs.sinks as readonly unknown[] as readonly Part[], () => plan.size)];
    const total = this.blocks.reduce((sum, tile) => sum + this.#operations(tile), 0);
    this.onDone = onProgress && progressOf(onProgress, total);
  }

  begin(): void {
    const { checkFinite } = this.#call;
    // Devices need not keep to what IEEE 754 says of such numbers.
    if (checkFinite) for (const _ of this.#call.checks(Number.POSITIVE_INFINITY));
  }

  #operations({ part, points, xs, ys, triangle }: Tile): number {
    const { length } = xs;
    const pairs = part.pairs ? length : triangle ? (length * (length + 1)) / 2 : length * ys.length;
    return pairs * points[0] * points[1] * this.#call.cells(part.orders) * (25 + 2 * this.#call.channels);
  }

  encode(given: unknown, _isLast: boolean, holdings: Holdings): EncodedBlock {
    const tile = given as Tile;
    const call = this.#call;
    const { device } = this.#context;
    const { part, xs, ys, points } = tile;
    const { kernel, degree } = call.scheme;
    const pairs = pairsOf(tile);
    const count = pairs.length;
    const staging = this.#staging;
    const list = new Uint32Array(4 * count);
    let [isRefined, finest] = [false, 0];
    for (const [k, [a, b]] of pairs.entries()) {
      const [i, j] = [xs[a] as number, ys[b] as number];
      const [first, second] = ordersOf(part, call, i, j);
      isRefined ||= first + second > 0;
      finest = Math.max(finest, second);
      list.set([a, b, (part.x.lengthOf(i) - 1) | (first << 24), (part.y.lengthOf(j) - 1) | (second << 24)], 4 * k);
    }
    const columns = Math.max(1, points[1] - 1) << finest;
    const isShared = this.#plan.kernel === "workgroup";
    const out = allocate(count, holdings);
    const unit = unitOf(degree as 1 | 2);
    const [scale, ...rest] = kernel.parameters;
    const command = dispatchOf(
      device,
      (isRefined ? this.#pipelines.refined : this.#pipelines.plain)!,
      kernelParamNames,
      [
        [undefined, staging.write(this.#rows(part.x, xs, points[0], false), holdings)],
        [undefined, staging.write(this.#rows(part.y, ys, points[1], true), holdings)],
        [undefined, staging.write(list, holdings)],
        [undefined, allocate(2 * count * columns, holdings)],
        [undefined, out],
      ],
      {
        pairs: count,
        x_stride: this.#rowsOf(points[0], false) * call.channels,
        y_count: ys.length,
        row_column: isShared ? 1 : count,
        row_pair: isShared ? columns : 1,
        unit: bitsOf(kernel.isLinear ? unit * scale : unit),
        parameter_0: bitsOf(scale),
        parameter_1: bitsOf(rest[0]),
        parameter_2: bitsOf(rest[1]),
      },
      isShared ? count : Math.ceil(count / kernelInvocations),
      this.#operations(tile),
    );
    const readback = new BlockReadback();
    readback.add(out, (range, at) => this.#take(tile, pairs, new Float32Array(range, at, count)));
    return readback.encode([command], holdings);
  }

  /** Rows that are staged of a path: those of whole blocks of x. */
  #rowsOf(points: number, isY: boolean): number {
    const rows = points - (this.#call.scheme.kernel.isLinear ? 1 : 0);
    return isY ? rows : rows + blockRows;
  }

  /**
   * Increments for the inner product, else points: (path, row, channel), of y (row, channel, path).
   * Past its end a path stands still.
   */
  #rows(side: Side, paths: ArrayLike<number>, points: number, isY: boolean): Float32Array<ArrayBuffer> {
    const { channels, scheme } = this.#call;
    const { isLinear } = scheme.kernel;
    const rows = this.#rowsOf(points, isY);
    const to = new Float32Array(paths.length * rows * channels);
    const path = new Float32Array(points * channels);
    const [between, next] = isY ? [paths.length, 1] : [1, rows * channels];
    for (let k = 0; k < paths.length; k++) {
      const length = side.lengthOf(paths[k] as number);
      side.write(paths[k] as number, path, 0);
      const own = isLinear ? length - 1 : rows;
      for (let row = 0, at = k * next; row < own; row++) {
        const from = Math.min(row, length - 1) * channels;
        for (let c = 0; c < channels; c++, at += between) {
          const number = path[from + c] as number;
          to[at] = isLinear ? (path[from + channels + c] as number) - number : number;
        }
      }
    }
    return to;
  }

  #take(tile: Tile, pairs: readonly Pair[], numbers: Float32Array): void {
    const { part, xs, ys, triangle } = tile;
    for (const number of numbers) this.#isFinite &&= Number.isFinite(number);
    if (!triangle) {
      part.sink.put(tile, numbers, 0, 0);
      return;
    }
    const square = new Float32Array(xs.length * ys.length);
    for (const [k, [a, b]] of pairs.entries()) square[a * ys.length + b] = numbers[k] as number;
    part.sink.put(tile, square, 0, 0);
  }

  async result(): Promise<undefined> {
    const call = this.#call;
    if (!this.#isFinite && call.checkFinite) for (const _ of inspectKernels(call, Number.POSITIVE_INFINITY));
  }

  drop(): void {}
}

/** The pairs of a tile, as places in it. */
function pairsOf({ part, xs, ys, triangle }: Tile): Pair[] {
  const pairs: Pair[] = [];
  for (let a = 0; a < xs.length; a++) {
    if (part.pairs) pairs.push([a, a]);
    else for (let b = triangle ? a : 0; b < ys.length; b++) pairs.push([a, b]);
  }
  return pairs;
}

const word = new DataView(new ArrayBuffer(4));

/** A float32 as a parameter. */
function bitsOf(x: number): number {
  word.setFloat32(0, x);
  return word.getUint32(0);
}
