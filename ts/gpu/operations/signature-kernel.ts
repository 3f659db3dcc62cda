// Signature kernels on GPUs: how calls of their functions are planned, and what they cost. Pure.

import { FLOAT32 } from "../../input/arrays.ts";
import type { Call } from "../../input/call.ts";
import type { KernelCall } from "../../operations/signature-kernel-call.ts";
import { bindable, blockBytes } from "../blocks.ts";
import type { DeviceLimits } from "../device.ts";
import { beyondDevice } from "../obstacle.ts";
import type { GpuOperation, GpuPlan } from "../operation.ts";
import type { CallShape } from "../shape.ts";

/** What plans and costs of kernels depend on. Its batch is that of x, or of pairs. */
export interface KernelShape extends CallShape {
  /** The degree of the scheme; 0: of truncated signatures. */
  readonly degree: 0 | 1 | 2 | 3;
  /** The code of the static kernel; 0: the inner product. */
  readonly code: number;
  /** Paths of y, and points of the longest. */
  readonly yBatch: number;
  readonly yPoints: number;
  /** Kernels, and their cells, those of all of them together. */
  readonly kernels: number;
  readonly cells: number;
  /** Cells of the longest pair, and its columns. */
  readonly mostCells: number;
  readonly columns: number;
  /** Of one thread. */
  readonly nanoseconds: number;
}

export interface KernelPlan extends GpuPlan {
  readonly kernel: "invocation" | "workgroup";
  /** Paths of x and of y in a tile; of pairs: the square of that. */
  readonly size: number;
}

/** So many pairs fill a device with an invocation each. */
const manyPairs = 4096;
/**
 * Cells of a pair that an invocation or a workgroup walks: they are not divided among submissions,
 * and take some ten milliseconds and a few times that.
 */
const mostAlone = 2 ** 20;
const mostTogether = 2 ** 28;
/** Operations of a cell besides those of its channels, and of a kernel of points. */
const cellOperations = [0, 8, 23, 0];
const pointOperations = 20;
/** Seconds of a multiply-add where the nanoseconds of kernels were measured. */
const multiplyAdd = 7.3e-11;
/** Paths of x and of y in a tile, at most. */
const most = 512;

function tilePaths(shape: KernelShape, limits: DeviceLimits, usual: number): number {
  const { points, yPoints, channels, columns } = shape;
  const path = 4 * channels * (Math.max(points, yPoints) + 8);
  const bytes = Math.min(usual, bindable(limits));
  let size = most;
  while (size > 1 && (size * size * 8 * columns > bytes || size * path > bytes)) size /= 2;
  return size;
}

function make(name: string): GpuOperation<undefined, unknown, never, KernelPlan> {
  return {
    name,
    stays: false,
    shapeOf,

    plan(shape, _residency, limits, usual = blockBytes) {
      const own = shape as KernelShape;
      const { degree, columns, channels, points, yPoints, mostCells, kernels, batch, yBatch } = own;
      if (degree === 0) return beyondDevice("truncated kernels are computed on the CPU");
      if (degree === 3) return beyondDevice("degree 3 is for float64");
      const largest = Math.max(8 * columns, 4 * channels * (Math.max(points, yPoints) + 8));
      if (largest > bindable(limits) || mostCells > mostTogether)
        return beyondDevice(`a pair of ${mostCells} cells is more than a device computes at once`);
      const size = tilePaths(own, limits, usual);
      const inTile = Math.min(size, batch) * Math.min(size, yBatch);
      const kernel = inTile >= manyPairs && mostCells <= mostAlone ? "invocation" : "workgroup";
      const blocks = Math.max(1, Math.ceil(kernels / (size * size)));
      return { kernel, size, blocks, cut: { paths: size, steps: undefined } };
    },

    traffic(shape) {
      const { points, yPoints, channels, batch, yBatch, kernels } = shape as KernelShape;
      return { input: (batch * points + yBatch * yPoints) * channels, output: kernels };
    },

    gpuCounts(shape, _residency, { blocks, size, kernel }) {
      const own = shape as KernelShape;
      const { cells, kernels, channels, degree, code } = own;
      const { input, output } = this.traffic(shape);
      const operations = (cellOperations[degree] as number) + channels + (code === 0 ? 0 : pointOperations + channels);
      // Paths are staged once for each tile; a pair has 16 bytes of its own.
      const staged = Math.max(1, Math.sqrt(blocks)) * input;
      const walking = Math.min(kernels, size * size) * (kernel === "workgroup" ? 64 : 1);
      return {
        units: {
          ...nothing,
          launch: 1,
          dispatch: blocks,
          block: blocks - 1,
          upload: 4 * staged + 16 * kernels,
          download: 4 * output,
          written: 2 * cells,
          walk: cells * operations,
        },
        walking,
        multiplying: walking,
        blocks,
      };
    },

    cpuUnits(shape) {
      const { kernels, nanoseconds } = shape as KernelShape;
      const { input } = this.traffic(shape);
      return { ...none, call: 1, path: kernels, input, horner: (1e-9 * nanoseconds) / multiplyAdd };
    },
    cpuKernel: (shape) => `degree ${(shape as KernelShape).degree}`,
    load: async () => (await import("../programs/signature-kernel.ts")).signatureKernelProgram,
  };
}

const none = {
  ...{ call: 0, path: 0, input: 0, far: 0, output: 0, large: 0 },
  ...{ square: 0, horner: 0, pruned: 0, recovery: 0, stream: 0, row: 0 },
};
const nothing = {
  ...{ launch: 0, dispatch: 0, block: 0, upload: 0, download: 0, ends: 0, staged: 0, written: 0 },
  ...{ walk: 0, step: 0, handed: 0, stream: 0, gather: 0, products: 0, recovery: 0 },
};

function shapeOf(given: Call): KernelShape {
  const call = given as KernelCall;
  const { x, y, scheme, orders, kernels, channels, batch, dtype, nanoseconds } = call;
  const refined = call.cells(scheme.orders);
  return {
    batch,
    points: x.paths.points,
    channels,
    depth: 1,
    degree: scheme.degree,
    code: scheme.kernel.code,
    yBatch: call.pairs ? 1 : y.count,
    yPoints: y.paths.points,
    kernels,
    cells: kernels * x.meanLength * y.meanLength * refined,
    mostCells: x.paths.points * y.paths.points * refined,
    columns: y.paths.points * 2 ** (scheme.degree === 0 ? 0 : (orders[1] as number)),
    // Costs of the CPU are of float32; what float64 takes is the cost model's.
    nanoseconds: nanoseconds / (dtype === FLOAT32 ? 1 : 2),
  };
}

export const signatureKernel = /* @__PURE__ */ make("signatureKernel");
export const signatureKernelGram = /* @__PURE__ */ make("signatureKernelGram");
export const signatureMmd = /* @__PURE__ */ make("signatureMmd");
export const signatureScore = /* @__PURE__ */ make("signatureScore");
