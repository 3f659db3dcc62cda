// `signatureVjp` as engines run it: the entry of the table that tells how its arguments are read, what its work is, what its result is. Reading and checking
// are those of the synchronous function (ts/core/vjp.ts), tasks those of ts/pool/vjp.ts.

import { FLOAT32, FLOAT64 } from "../core/arrays.ts";
import type { Budget } from "../core/blocks.ts";
import { type Call, readCall } from "../core/call.ts";
import { readCotangent } from "../core/cotangent.ts";
import { describe, typeError } from "../core/errors.ts";
import { checkBesidesInParts } from "../core/finite.ts";
import { imaginePaths, ReadRows } from "../core/input.ts";
import { readOptions } from "../core/options.ts";
import { readVjp, type SignatureGradients, type VjpOptions } from "../core/vjp.ts";
import { Gradients } from "../core/vjp-run.ts";
import { vjpCost } from "../pool/cost.ts";
import { costOf } from "../pool/signature.ts";
import { pathsOfVjpBlock, VjpWork } from "../pool/vjp.ts";
import type { CheckedCall, Operation } from "./backend.ts";
import type { EngineCallOptions } from "./context.ts";

/** Options of `engine.signatureVjp`: those of `signatureVjp`, a signal and a listener to progress. */
export interface EngineVjpOptions extends VjpOptions, EngineCallOptions {}

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
  readonly batch: number;
  readonly input: number;
  readonly output: number;
  #gradients: Gradients | undefined;

  constructor(call: Call, cotangents: ReadRows) {
    const { batch, points, channels, rows, row, bytes } = call;
    const paths = batch * points * channels * bytes;
    this.call = call;
    this.cotangents = cotangents;
    this.batch = batch;
    this.input = paths + batch * rows * row * bytes;
    // Where there is no signature, nothing is to be computed: all gradients are zero.
    this.output = rows === 0 ? 0 : paths;
  }

  get gradients(): Gradients {
    this.#gradients ??= new Gradients(this.call);
    return this.#gradients;
  }

  get cost(): number {
    return vjpCost(costOf(this.call));
  }
}

export const vjpOperation: Operation<VjpCall, SignatureGradients> = {
  name: "signatureVjp",

  read: (given, options, other) => {
    const { paths, cotangent } = given as VjpArguments;
    const { call } = readVjp(paths, options, other);
    return new VjpCall(call, readCotangent(cotangent, call));
  },

  imagine(sizes, other) {
    if (typeof sizes !== "object" || sizes === null)
      throw typeError("OPTION_TYPE", "sizes", describe(sizes), "an object with shape and depth");
    const { shape, ...rest } = sizes as { shape?: unknown };
    const options = readOptions(rest, other);
    const dtype = options.dtype === FLOAT64 ? FLOAT64 : FLOAT32;
    const call = readCall(imaginePaths(shape, dtype), options);
    return new VjpCall(call, new ReadRows(new Float32Array(0), FLOAT32, call.row, call.row));
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
};

function describeBlocks(call: Call, budget: Budget): string[] {
  const paths = Math.min(call.batch, pathsOfVjpBlock(call, budget));
  return [`a task is ${paths === 1 ? "one path" : `${paths} paths`} with cotangents: signatures first, then gradients`];
}
