// `signatureVjp` as engines run it: the entry of the table that tells how its arguments are read, what its work is, what its result is. Reading and checking
// are those of the synchronous function (ts/operations/signature-vjp.ts), tasks those of ts/pool/vjp.ts.

import {
  type GpuSignatureOptions,
  gpuOperations,
  isOnDevice,
  readCallAnywhere,
  readRowsOfShape,
} from "../gpu/index.ts";
import { FLOAT32, FLOAT64 } from "../input/arrays.ts";
import { type Call, readCall } from "../input/call.ts";
import { readCotangent } from "../input/cotangent.ts";
import { describe, typeError } from "../input/errors.ts";
import { checkBesidesInParts } from "../input/finite.ts";
import { type ReadOptions, readOptions } from "../input/options.ts";
import { imaginePaths, ReadRows } from "../input/paths.ts";
import { refuseOut, type SignatureGradients } from "../operations/signature-vjp.ts";
import { vjpCost } from "../pool/cost.ts";
import { costOf } from "../pool/signature.ts";
import { pathsOfVjpBlock, VjpWork } from "../pool/vjp.ts";
import type { Budget } from "../run/blocks.ts";
import { Gradients } from "../run/vjp-run.ts";
import type { CheckedCall, Operation } from "./backend.ts";
import type { EngineCallOptions } from "./context.ts";

/** Options of `engine.signatureVjp`: those of `signatureVjp`, a signal and a listener to progress, and where it runs. */
export interface EngineVjpOptions extends Omit<GpuSignatureOptions, "out">, EngineCallOptions {}

/** Numbers looked at for being finite in one go: about a millisecond. */
const lookNumbers = 2 ** 20;

/** What the engine reads a call from. */
export interface VjpArguments {
  readonly paths: unknown;
  readonly cotangent: unknown;
}

/** A call of `signatureVjp`, checked. */
export class VjpCall implements CheckedCall {
  readonly call: Call;
  readonly cotangents: ReadRows;
  readonly options: ReadOptions;
  readonly batch: number;
  readonly input: number;
  readonly output: number;
  #gradients: Gradients | undefined;

  constructor(call: Call, cotangents: ReadRows, options: ReadOptions) {
    const { batch, points, channels, rows, row, bytes } = call;
    const paths = batch * points * channels * bytes;
    this.call = call;
    this.cotangents = cotangents;
    this.options = options;
    this.batch = batch;
    this.input = paths + batch * rows * row * bytes;
    // Where there is no signature, nothing is to be computed: all gradients are zero.
    this.output = rows === 0 ? 0 : paths;
  }

  get gradients(): Gradients {
    this.#gradients ??= new Gradients(this.call);
    return this.#gradients;
  }

  /** Those that a device has computed. */
  set gradients(found: Gradients) {
    this.#gradients = found;
  }

  get cost(): number {
    return vjpCost(costOf(this.call));
  }
}

function readCotangentAnywhere(cotangent: unknown, call: Call): ReadRows {
  if (!isOnDevice(cotangent)) return readCotangent(cotangent, call);
  const { paths, stream, rows, row, dtype } = call;
  if (dtype !== FLOAT32)
    throw typeError("DTYPE_INVALID", "options.dtype", '"float64"', '"float32" for a cotangent on a device');
  return readRowsOfShape(cotangent, "cotangent", "COTANGENT_SHAPE", [...paths.lead, ...(stream ? [rows] : []), row]);
}

export const vjpOperation: Operation<VjpCall, SignatureGradients> = {
  name: "signatureVjp",

  read: (given, options, other) => {
    const { paths, cotangent } = given as VjpArguments;
    const { call, options: read } = readCallAnywhere(paths, options, other);
    refuseOut(read);
    return new VjpCall(call, readCotangentAnywhere(cotangent, call), read);
  },

  imagine(sizes, other) {
    if (typeof sizes !== "object" || sizes === null)
      throw typeError("OPTION_TYPE", "sizes", describe(sizes), "an object with shape and depth");
    const { shape, ...rest } = sizes as { shape?: unknown };
    const options = readOptions(rest, other);
    const dtype = options.dtype === FLOAT64 ? FLOAT64 : FLOAT32;
    const call = readCall(imaginePaths(shape, dtype), options);
    return new VjpCall(call, new ReadRows(new Float32Array(0), FLOAT32, call.row, call.row), options);
  },

  result: (call) => call.gradients.tensors(),

  cpu: {
    cost: (given) => given.cost,
    before: ({ call }) => (call.checkFinite ? checkBesidesInParts(call, lookNumbers) : undefined),
    work: (given, budget) => new VjpWork(given.call, given.cotangents, given.gradients, budget, given.cost),
    // Calls for gradients are not joined.
    join: () => undefined,
    describe: ({ call }, budget) => describeBlocks(call, budget),
  },
  inputs: ({ call, cotangents }) => ({
    call,
    rows: [{ argument: "cotangent", rows: cotangents, count: call.batch * call.rows }],
  }),
  withInputs: ({ options }, { call, rows }) => new VjpCall(call, rows[0]!.rows, options),
  gpu: gpuOperations.signatureVjp,
  fromGpu(given, gradients) {
    given.gradients = gradients as Gradients;
    return given.gradients.tensors();
  },
};

function describeBlocks(call: Call, budget: Budget): string[] {
  const paths = Math.min(call.batch, pathsOfVjpBlock(call, budget));
  return [`a task is ${paths === 1 ? "one path" : `${paths} paths`} with cotangents: signatures first, then gradients`];
}
