// `signature` as engines run it: the entry of the table that tells how its arguments are read, what its work is, what its result is.
// Reading and checking are those of the synchronous function (ts/core), tasks those of ts/pool/signature.ts.

import { gpuOperations, readCallAnywhere } from "../gpu/index.ts";
import { allocateNumbers, FLOAT32, FLOAT64 } from "../input/arrays.ts";
import { type Call, checkOut, readCall, shapeOf } from "../input/call.ts";
import { describe, typeError } from "../input/errors.ts";
import { checkBesides, checkBesidesInParts, checkPathsInParts } from "../input/finite.ts";
import { type ReadOptions, readOptions } from "../input/options.ts";
import { imaginePaths } from "../input/paths.ts";
import type { Task, Work } from "../pool/job.ts";
import { bytesOf, costOf, join, mostSliced, SignatureWork } from "../pool/signature.ts";
import { spoils } from "../run/batch.ts";
import { type Budget, longestStretch, outputBytes, streamSteps } from "../run/blocks.ts";
import { isChained } from "../run/chain.ts";
import { hasStretches, stretchesIn } from "../run/cut.ts";
import { SignatureTensor } from "../run/tensor.ts";
import type { CheckedCall, CpuOperation, Operation } from "./backend.ts";

/** Numbers looked at for being finite in one go: about a millisecond. */
const lookNumbers = 2 ** 20;

/** A call of `signature`, checked. */
export class SignatureCall implements CheckedCall {
  readonly call: Call;
  readonly out: Float32Array | Float64Array | undefined;
  readonly batch: number;
  readonly input: number;
  readonly output: number;
  /** Numbers of the result. */
  readonly count: number;
  readonly options: ReadOptions;
  /** Whether results are written to `out` as they come. */
  readonly direct: boolean;
  /** Nanoseconds on one thread, about. */
  readonly cost: number;
  /** What has the numbers of the result, or will have. */
  work: { readonly result: Float32Array | Float64Array } | undefined;

  constructor(call: Call, options: ReadOptions) {
    this.call = call;
    this.out = options.out;
    this.batch = call.batch;
    ({ input: this.input, output: this.output } = bytesOf(call));
    this.count = call.batch * call.rows * call.row;
    this.options = options;
    this.cost = costOf(call);
    this.work = undefined;
    const { out } = this;
    if (out !== undefined) checkOut(out, this.count, call);
    this.direct = out !== undefined && this.output > outputBytes && !spoils(call, out);
  }

  result(): SignatureTensor<"float32" | "float64", boolean, boolean> {
    const { call, out } = this;
    const { dtype, channels, depth } = call;
    let data = this.work?.result ?? out ?? allocateNumbers(dtype, 0, "paths");
    if (out !== undefined && data !== out) {
      out.set(data);
      data = out;
    }
    const { stream, scalarTerm } = this.options;
    return new SignatureTensor(data, shapeOf(call), dtype, channels, depth, scalarTerm, stream);
  }
}

const cpu: CpuOperation<SignatureCall> = {
  cost: ({ cost }) => cost,

  before({ call, direct }) {
    if (!call.checkFinite) return undefined;
    const { basepoint, initial, lengths, paths } = call;
    const besides =
      (basepoint === undefined || basepoint === true ? 0 : basepoint.view.length) +
      (initial === undefined ? 0 : initial.view.length) +
      (lengths !== undefined || paths.points === 1 ? paths.batch * paths.channels : 0);
    if (!direct && besides <= lookNumbers) {
      checkBesides(call);
      return undefined;
    }
    return look(call, direct);
  },

  work(given, budget) {
    const { call, out, direct, count, cost } = given;
    // Into `out` itself where it is large, for then there is no room for two.
    const result = direct ? out : count <= mostSliced ? undefined : allocateNumbers(call.dtype, count, "paths", true);
    const work = new SignatureWork(call, result, budget, cost, direct);
    given.work = work;
    return work;
  },

  join: (works: Work[], budget: Budget, cost: number): Task | undefined => join(works as SignatureWork[], budget, cost),

  describe: ({ call }, budget) => describeCut(call, budget),
};

function* look(call: Call, everything: boolean): Generator<void> {
  yield* checkBesidesInParts(call, lookNumbers);
  if (everything) yield* checkPathsInParts(call, lookNumbers);
}

function describeCut(call: Call, budget: Budget): string[] {
  const reasons: string[] = [];
  if (hasStretches(call)) {
    const n = call.lengths === undefined ? stretchesIn(call, 0) : undefined;
    const longest = longestStretch(call.channels);
    reasons.push(
      `paths of more than ${longest} steps are cut into ${n ?? "several"} stretches, multiplied by Chen's identity in a fixed tree`,
    );
  }
  if (call.lengths !== undefined) reasons.push("paths are taken in the order of their lengths");
  if (isChained(call, budget)) {
    const steps = streamSteps(call, budget);
    reasons.push(`streams are cut in time: ${steps} rows at once, each segment after the one before`);
  }
  return reasons;
}

export const signatureOperation: Operation<SignatureCall> = {
  name: "signature",

  read: (paths, options, other) => {
    const { call, options: read } = readCallAnywhere(paths, options, other);
    return new SignatureCall(call, read);
  },

  imagine(sizes, other) {
    if (typeof sizes !== "object" || sizes === null)
      throw typeError("OPTION_TYPE", "sizes", describe(sizes), "an object with shape and depth");
    const { shape, ...rest } = sizes as { shape?: unknown; dtype?: unknown };
    const options = readOptions(rest, other);
    const dtype = options.dtype === FLOAT64 ? FLOAT64 : FLOAT32;
    return new SignatureCall(readCall(imaginePaths(shape, dtype), options), options);
  },

  result: (call) => call.result(),
  cpu,
  inputs: ({ call }) => ({ call, rows: [] }),
  withInputs: ({ options }, { call }) => new SignatureCall(call, options),
  gpu: gpuOperations.signature,
  fromGpu(given, result) {
    given.work = { result: result as Float32Array };
    return given.result();
  },
};
