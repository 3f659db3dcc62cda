// Log-signatures on GPUs: signatures as they are, then the logarithm of each. How a call is
// planned, and what it costs. Pure.

import { basisIn, countCoordinates } from "../../operations/log-signature-labels.ts";
import type { LogSignatureTensor } from "../../operations/log-signature-tensor.ts";
import { LOG_FLOAT32 } from "../../wasm/abi.ts";
import { type LogLayout, logLayoutOf, logOperations } from "../logarithm.ts";
import { beyondDevice, isObstacle } from "../obstacle.ts";
import type { GpuOperation } from "../operation.ts";
import { type CallShape, callShapeOf, sizesOf } from "../shape.ts";
import type { GpuLogSignature } from "../tensor.ts";
import { resultTooLarge, type SignaturePlan, signature, signatureCounts } from "./signature.ts";
import { cachedNumbers, prunedOperations } from "./signature-cpu.ts";

export interface LogSignaturePlan extends SignaturePlan {
  readonly logarithm: LogLayout;
}

/** The shape of a call, with the option bits of its basis and arithmetic (wasm/abi.ts). */
export interface LogShape extends CallShape {
  readonly bits: number;
}

const bitsOf = (shape: CallShape): number => (shape as LogShape).bits;
const basisOf = (shape: CallShape) => basisIn(bitsOf(shape));

/** Numbers of the result. */
const outputOf = (shape: CallShape): number =>
  shape.batch * sizesOf(shape).rows * countCoordinates(shape.channels, shape.depth, basisOf(shape));

export const logSignature: GpuOperation<
  Float32Array<ArrayBuffer>,
  LogSignatureTensor<"float32">,
  GpuLogSignature,
  LogSignaturePlan
> = {
  name: "logSignature",
  stays: true,
  shapeOf: (call): LogShape => ({ ...callShapeOf(call), bits: call.bits }),

  plan(shape, residency, limits, blockBytes) {
    const { channels, depth } = shape;
    if ((bitsOf(shape) & LOG_FLOAT32) === 0)
      return { code: "PRECISION_INVALID", why: 'GPUs compute log-signatures with precision "float32" only' };
    const logarithm = logLayoutOf(channels, depth, basisOf(shape), limits);
    if (!logarithm) {
      const bytes = limits.maxComputeWorkgroupStorageSize;
      return beyondDevice(`logarithms at depth ${depth} need more than the ${bytes} bytes of a workgroup's memory`);
    }
    // Signatures stay on the device, in blocks that are as large as if they were results.
    const made = signature.plan({ ...shape, scalarTerm: false }, { ...residency, output: "cpu" }, limits, blockBytes);
    if (isObstacle(made)) return made;
    const numbers = outputOf(shape);
    if (residency.output === "gpu" && 4 * numbers > limits.maxBufferSize) return resultTooLarge(numbers, limits);
    return { ...made, logarithm };
  },

  traffic: (shape) => ({ input: signature.traffic(shape).input, output: outputOf(shape) }),

  gpuCounts(shape, residency, plan) {
    const { batch, channels, depth } = shape;
    const { rows } = sizesOf(shape);
    const counts = signatureCounts({ ...shape, scalarTerm: false }, { ...residency, output: "gpu" }, plan);
    const { units, blocks } = counts;
    const output = outputOf(shape);
    const operations = batch * rows * logOperations(channels, depth, basisOf(shape));
    return {
      ...counts,
      units: {
        ...units,
        dispatch: units.dispatch + blocks,
        download: residency.output === "cpu" ? 4 * output : 0,
        written: units.written + 4 * output,
        // Its factors are in memory, of workgroups at that.
        products: units.products + operations,
      },
    };
  },

  cpuUnits(shape) {
    const { batch, channels, depth, stream = false } = shape;
    const { totalSteps, rows } = sizesOf(shape);
    const steps = totalSteps * prunedOperations(channels, depth);
    const logarithms = batch * rows * logOperations(channels, depth, basisOf(shape));
    const output = outputOf(shape);
    return {
      ...signature.cpuUnits(shape),
      output,
      large: Math.max(0, output - cachedNumbers),
      square: 0,
      horner: 0,
      recovery: 0,
      pruned: (stream ? 0 : steps) + logarithms,
      stream: stream ? steps : 0,
      row: stream ? batch * rows * depth : 0,
    };
  },

  cpuKernel: () => "pruned",

  load: async () => (await import("../programs/log-signature.ts")).logSignatureProgram,
};
