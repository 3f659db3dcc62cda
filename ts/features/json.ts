// A pipeline as JSON.

import { describe, failure, isPathSignatureError, reasonOf } from "../input/errors.ts";
import { type KeptOptions, readFeatureOptions } from "./options.ts";
import type { Fitted } from "./pipeline.ts";

const format = "path-signature/features";
const version = 1;

/** A pipeline, as `toJSON` writes it. */
export interface FeaturesJson {
  readonly format: typeof format;
  readonly version: typeof version;
  readonly options: KeptOptions;
  readonly fitted: {
    readonly channels: readonly string[];
    readonly centers: readonly number[];
    readonly sizes: readonly number[];
    readonly windows: number;
  };
}

export function toJson(options: KeptOptions, { channels, scales, windows }: Fitted): FeaturesJson {
  const { centers, sizes } = scales;
  return { format, version, options, fitted: { channels, centers: [...centers], sizes: [...sizes], windows } };
}

/** @throws PathSignatureError SNAPSHOT_INVALID */
export function fromJson(json: unknown): { readonly options: KeptOptions; readonly fitted: Fitted } {
  const refuse = (what: string, cause?: unknown): Error => {
    const accepted = `what toJSON of a pipeline returned, of version ${version}`;
    return failure("SNAPSHOT_INVALID", "json", what, accepted, undefined, cause);
  };
  let given: unknown = json;
  try {
    if (typeof json === "string") given = JSON.parse(json);
  } catch (error) {
    throw refuse("a text that is no JSON", error);
  }
  if (typeof given !== "object" || given === null) throw refuse(describe(given));
  const { format: own, version: ownVersion, options, fitted } = given as Partial<Record<string, unknown>>;
  if (own !== format) throw refuse(`the format ${describe(own)}`);
  if (ownVersion !== version) throw refuse(`version ${describe(ownVersion)}`);
  const { channels, centers, sizes, windows } = Object(fitted) as Partial<Record<string, unknown>>;
  const isList = (list: unknown, type: string): list is unknown[] =>
    Array.isArray(list) && list.length > 0 && list.every((one) => typeof one === type);
  const isCount = (count: unknown): count is number => Number.isSafeInteger(count) && (count as number) > 0;
  const numbers = [centers, sizes].filter((list): list is number[] => isList(list, "number"));
  if (!isList(channels, "string") || !numbers.every(({ length }) => length === channels.length) || numbers.length < 2)
    throw refuse("channels, centers and sizes that do not agree");
  if (!numbers[1]?.every((size) => size > 0)) throw refuse("sizes of channels that are not positive");
  if (!isCount(windows)) throw refuse(`${describe(windows)} windows`);
  try {
    // null stands for options that are not set, except for `windows`.
    const { logSignature, dtype, ...others } = Object(options) as Partial<Record<string, unknown>>;
    const set = { ...others, logSignature: logSignature ?? false, dtype: dtype ?? undefined };
    const { engine: _, ...kept } = readFeatureOptions(set);
    const scales = { centers: Float64Array.from(centers as number[]), sizes: Float64Array.from(sizes as number[]) };
    return { options: kept, fitted: { channels: channels as string[], scales, windows } };
  } catch (error) {
    if (!isPathSignatureError(error)) throw error;
    throw refuse(`options that are refused: ${reasonOf(error)}`, error);
  }
}
