// Chosen words (the option `select`): the operations that take the place of `signature` and its
// gradients. Few words are computed by a kernel for them and their prefixes alone; if they are a
// large part of the signature, all are computed and the chosen ones taken. Which of the two depends
// on channels and words only, so that a path has the same bits in every batch.

import { allocateNumbers, type DTypeIndex, FLOAT32, FLOAT64, type Numbers } from "../input/arrays.ts";
import type { Call } from "../input/call.ts";
import { typeError } from "../input/errors.ts";
import { ReadRows } from "../input/rows.ts";
import type { Selection } from "../input/select.ts";
import { type Budget, longestStretch, streamSteps } from "../run/blocks.ts";
import { basepointInput } from "../run/inputs.ts";
import type { Input, Segments, Sink } from "../run/operation.ts";
import { INVERSE, SCALAR_TERM, STREAM } from "../wasm/abi.ts";
import { signatureCost, signaturesOfVjp } from "./cost.ts";
import type { Descriptor, Prepared } from "./descriptor.ts";
import { continuedSegments } from "./paths-operation.ts";
import { PreparedRows } from "./prepared-rows.ts";

/** Operation codes in the head of a task, and their region. */
const SELECT = 9;
const SELECT_VJP = 10;
const NODES = 9;

/** Steps that the kernel takes together: time is cut between them. */
const quad = 4;

/** The words of a call, which has some. */
const selectionOf = (call: Call): Selection => call.options.select as Selection;

const nodesInput: Input = {
  region: NODES,
  per: "item",
  of: (call) => selectionOf(call).trie.rows,
  width: (call) => selectionOf(call).trie.rows.width,
  name: "options.select",
  noun: "index",
  checked: "never",
};

/** What the kernels for few words have in common. */
const options = ({ bits }: Call): number => bits & (STREAM | INVERSE | SCALAR_TERM);
const row = nodesInput.width;
/** A node takes about three times as long as a multiply-add, for each number that it has. */
const cost = (call: Call): number => signatureCost(call, 3 * selectionOf(call).trie.cost);

/** Paths that are too long for one task hand on the coefficients of all nodes. */
function segments(call: Call, budget: Budget): Segments | undefined {
  const steps = call.stream ? streamSteps(call, budget) : longestStretch(call.channels);
  const most = call.stream && steps >= call.rows ? call.rows : Math.max(quad, steps - (steps % quad));
  return continuedSegments(call, most, selectionOf(call).trie.nodes);
}

/** Numbers of a row of all words, of which those of a call are taken. */
const wholeRow = ({ size, options }: Call): number => size + (options.scalarTerm ? 1 : 0);

/** Where the numbers of a row stand in one of all words. */
function placesOf(call: Call): Uint32Array {
  const words = selectionOf(call).indices();
  return call.options.scalarTerm ? Uint32Array.of(0, ...words.map((at) => at + 1)) : words;
}

/** Takes the chosen words of rows of all. */
class ChosenSink implements Sink {
  readonly #to: Sink;
  readonly #dtype: DTypeIndex;
  readonly #whole: number;
  readonly #places: Uint32Array;

  constructor(call: Call, to: Sink) {
    this.#to = to;
    this.#dtype = call.dtype;
    this.#whole = wholeRow(call);
    this.#places = placesOf(call);
  }

  take(heap: Numbers, at: number, row: number, count: number): void {
    const places = this.#places;
    const chosen = allocateNumbers(this.#dtype, count * places.length, "paths", true);
    for (let i = 0, to = 0; i < count; i++) {
      const from = at + i * this.#whole;
      for (let k = 0; k < places.length; k++) chosen[to++] = heap[from + (places[k] as number)] as number;
    }
    this.#to.take(chosen, 0, row, count);
  }
}

/** The call for rows of all words. */
const wholeCall = (call: Call, operands: Call["operands"]): Call => call.with({ row: wholeRow(call), operands });

/** The same call for the rows that were chosen. */
const chosenCall = (call: Call): Call => call.with({ row: selectionOf(call).count + wholeRow(call) - call.size });

/** An operation under a name without GPU kernels. */
const named = <R>(operation: Descriptor<R>): Descriptor<R> => ({ ...operation, name: `${operation.name} with select` });

/** The same for one that does not cut paths as all words are cut. */
function uncut<R>(operation: Descriptor<R>): Descriptor<R> {
  const { stretches: _, segments: __, sections: ___, ...rest } = named(operation);
  return rest;
}

/** The operation for a call of `signature` that chooses words. */
export function selectedSignature<R>(
  dense: Descriptor<R>,
  wrap: (call: Call, data: Numbers) => R,
): NonNullable<Descriptor<R>["instead"]> {
  const gathered: Descriptor<R> = {
    ...named(dense),
    coalesces: false,
    prepare(call) {
      const rows = new PreparedRows(chosenCall(call), wrap);
      const [sink] = rows.sinks;
      return { checksFirst: rows.checksFirst, sinks: [new ChosenSink(call, sink)], result: () => rows.result() };
    },
    explain: (call, budget) => ["all words are computed, and the chosen ones taken", ...dense.explain(call, budget)],
  };
  const sparse: Descriptor<R> = {
    ...uncut(dense),
    coalesces: false,
    kernel: {
      code: SELECT,
      options,
      row,
      inputs: [basepointInput, nodesInput],
      outputs: dense.kernel.outputs,
    },
    segments,
    cost,
    explain: (call) => [`${selectionOf(call).trie.nodes} words and prefixes are followed, of ${call.size} words`],
  };
  return (call) => {
    if (call.options.select === undefined) return undefined;
    return selectionOf(call).isSparse
      ? { operation: sparse, call }
      : { operation: gathered, call: wholeCall(call, call.operands) };
  };
}

/** Cotangents of all words, of which those that were not chosen are zero. */
function wholeCotangents(call: Call, given: ReadRows): ReadRows {
  if (given.resident !== undefined) {
    const accepted = "a cotangent in memory, since words are chosen there";
    throw typeError("SELECT_TYPE", "options.select", "select with a cotangent on a device", accepted);
  }
  const places = placesOf(call);
  const width = wholeRow(call);
  const count = call.batch * call.rows;
  const rows = allocateNumbers(call.dtype, count * width, "cotangent");
  for (let i = 0; i < count; i++)
    for (let k = 0; k < places.length; k++)
      rows[i * width + (places[k] as number)] = Number(given.view[i * given.stride + k]);
  return new ReadRows(rows, call.dtype, width, width);
}

/** The operation for gradients of a call of `signature` that chooses words. */
export function selectedGradients<R>(
  dense: Descriptor<R>,
  cotangentInput: Input,
  prepare: (call: Call, checksFirst: boolean) => Prepared<R>,
): NonNullable<Descriptor<R>["instead"]> {
  const [points, basepoints] = dense.kernel.outputs;
  const whole = named(dense);
  const sparse: Descriptor<R> = {
    ...uncut(dense),
    kernel: {
      code: SELECT_VJP,
      options,
      row,
      inputs: [basepointInput, { ...cotangentInput, skip: ({ options }) => (options.scalarTerm ? 1 : 0) }, nodesInput],
      outputs: [points!, basepoints!],
    },
    sections: (call) => [{ call: call.with({ dtype: FLOAT64 }), first: 0, end: call.batch }],
    // A kernel that computes in float64 does not report numbers beyond float32.
    prepare: (call) => prepare(call, call.checkFinite && call.dtype === FLOAT32),
    cost: (call) => signaturesOfVjp * cost(call),
    explain: () => ["words and prefixes are followed forwards, then their gradients backwards"],
  };
  return (call) => {
    if (call.options.select === undefined) return undefined;
    if (selectionOf(call).isSparse) return { operation: sparse, call };
    const cotangents = wholeCotangents(call, call.operands[0] as ReadRows);
    return { operation: whole, call: wholeCall(call, [cotangents]) };
  };
}
