// The table of cases for hosts in other languages: paths, options, and the bits that the binary
// `simd` gives in this host, as JSON. Numbers are little-endian bytes in base64.

import { type Augmentation, init, logSignature, type Paths, signature } from "../../ts/generated/entries/core-slim.ts";
import { type Case, callOf, cases, material } from "../cases.ts";
import { bytesOf } from "../inlined.ts";

const base64 = (data: Float32Array | Float64Array): string =>
  Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString("base64");

/** Cases whose options the other hosts have. Forms of input are their own matter. */
const isShared = ({ stream, initial, algorithm, lengths, form }: Case): boolean =>
  !stream && initial === "none" && algorithm === "auto" && lengths.length > 0 && form === "tensor";

/** Cases whose log-signatures and windows are in the table too. */
const isSmall = ({ channels, depth }: Case): boolean => channels <= 4 && depth <= 4;

/** Lists of augmentations, one for each case in turn. */
const augmentLists = (channels: number): Augmentation[][] => [
  ["time", { leadLag: { lag: 2 } }],
  [{ time: { normalized: true } }, "invisibilityReset"],
  ["basepoint", "cumulativeSum", { leadLag: { order: "lag-lead" } }],
  ["differences", { invisibilityReset: "initial" }],
  [{ scale: Array.from({ length: channels }, (_, c) => 0.5 + c) }, { select: [channels - 1] }, "time"],
  [{ coordinateProjections: [Array.from({ length: channels }, (_, c) => 1 - c / 4), new Array(channels).fill(0.3)] }],
];

function entryOf(one: Case, index: number) {
  const given = material(one);
  const call = callOf({ ...one, out: false }, given);
  const [paths, options] = [call.paths as Paths, call.options as { depth: number }];
  const floats = one.dtype === "float32" ? Float32Array : Float64Array;
  const points = Math.max(...one.lengths);
  // Intervals are computed one by one, as in the other hosts; sliding windows may share work.
  const half = Math.ceil(points / 2);
  const windows = Array.from({ length: 1 + Math.floor((points - half) / 3) }, (_, k) => [3 * k, 3 * k + half] as const);
  const results: Record<string, string> = { signature: base64(signature(paths, options).data) };
  if (isSmall(one) && !one.scalarTerm) {
    results.log_signature = base64(logSignature(paths, options).data);
    results.windows = base64(signature(paths, { ...options, windows }).data);
    results.dyadic = base64(signature(paths, { ...options, windows: { type: "dyadic", depth: 2 } }).data);
  }
  const lists = augmentLists(one.channels);
  const augment = lists[index % lists.length] as Augmentation[];
  if (isSmall(one) && !one.scalarTerm && given.basepoints === undefined)
    results.augmented = base64(signature(paths, { ...options, depth: 2, augment }).data);
  return {
    name: one.name,
    augment,
    channels: one.channels,
    depth: one.depth,
    dtype: one.dtype,
    lead: one.lead,
    lengths: one.lengths,
    inverse: one.inverse,
    scalar_term: one.scalarTerm,
    windows,
    paths: base64(floats.from(given.paths.flat(2))),
    basepoints: given.basepoints && base64(floats.from(given.basepoints.flat())),
    results,
  };
}

/** The table. */
export async function table(): Promise<string> {
  await init(bytesOf("simd"));
  return JSON.stringify(cases.filter(isShared).map(entryOf));
}
