// Files of the time series repositories: `.ts`, as sktime and aeon write them. Lines with `@` say
// what the file has; each line of the data is a case, its channels separated by colons.

import { clip } from "../input/errors.ts";
import { checkMissing, type Missing, withoutMissing } from "../tables/missing.ts";
import type { Series } from "../tables/series.ts";
import { badFile, bytesOf, type FileSource } from "./file.ts";

/** The cases of a `.ts` file. */
export interface TsFile extends Series {
  /** `@problemName`. */
  readonly name: string | undefined;
  /** The class of each case, or the target as text; empty if the file has none. */
  readonly labels: readonly string[];
  /** The classes that `@classLabel` lists; empty if there are none. */
  readonly classes: readonly string[];
}

/** Options of {@link readTs}. */
export interface TsOptions {
  /**
   * What becomes of `?` and `NaN`. Default `"error"`.
   *
   * @example missing: "ffill"
   */
  readonly missing?: Missing | undefined;
}

const bad = (line: number, given: string, accepted: string): Error =>
  badFile(".ts", `${clip(given)} in line ${line + 1}`, accepted);

function numberOf(text: string, line: number): number {
  const trimmed = text.trim();
  if (trimmed === "?" || trimmed === "NaN") return Number.NaN;
  const x = Number(trimmed);
  if (trimmed === "" || Number.isNaN(x))
    throw bad(line, `"${trimmed}"`, 'numbers separated by commas, "?" where one is missing');
  return x;
}

/**
 * The cases of a `.ts` file, of equal lengths or not. The file has them as (case, channel, time);
 * the result has points as rows, (case, time, channel). Channels are named by their number, ids are
 * the numbers of cases.
 * @throws PathSignatureError FILE_FORMAT, MISSING_VALUE, MISSING_INVALID, SOURCE_TYPE; errors of
 *   the file system
 *
 * @example
 * const train = await readTs("BasicMotions_TRAIN.ts");
 * const features = signature(train, { depth: 2 }); // row i belongs to train.labels[i]
 */
export async function readTs(source: FileSource, { missing }: TsOptions = {}): Promise<TsFile> {
  checkMissing(missing);
  const lines = new TextDecoder().decode(await bytesOf(source)).split(/\r?\n/);
  const said = new Map<string, string[]>();
  let at = 0;
  for (; at < lines.length; at++) {
    const line = (lines[at] as string).trim();
    if (/^@data$/i.test(line)) break;
    if (line.startsWith("@")) {
      const [name = "", ...values] = line.slice(1).split(/\s+/);
      said.set(name.toLowerCase(), values);
    } else if (line !== "" && !line.startsWith("#")) throw bad(at, line, "lines with @ or # before @data");
  }
  if (at === lines.length) throw badFile(".ts", "a file without @data", "a file of sktime or aeon");
  const isTrue = (name: string): boolean => said.get(name)?.[0]?.toLowerCase() === "true";
  if (isTrue("timestamps")) throw badFile(".ts", "@timeStamps true", "a file without time stamps");
  const hasLabels = isTrue("classlabel") || isTrue("targetlabel");
  const labels: string[] = [];
  const numbers: number[] = [];
  const offsets = [0];
  let width = 0;
  let longest = 0;
  for (at++; at < lines.length; at++) {
    const line = (lines[at] as string).trim();
    if (line === "" || line.startsWith("#")) continue;
    const channels = line.split(":");
    if (hasLabels) labels.push((channels.pop() as string).trim());
    const columns = channels.map((text) => text.split(","));
    const [first = []] = columns;
    if (offsets.length === 1) [width, longest] = [columns.length, first.length];
    if (columns.length !== width || width === 0)
      throw bad(at, `${columns.length} channels`, `${width || 1}, as in the first case`);
    if (columns.some((column) => column.length !== first.length))
      throw bad(
        at,
        `channels of ${columns.map((column) => column.length).join(", ")} values`,
        "channels of equal lengths in each case",
      );
    if (isTrue("equallength") && first.length !== longest)
      throw bad(at, `${first.length} values`, `${longest}, as in the first case, since @equalLength is true`);
    for (let point = 0; point < first.length; point++)
      for (const column of columns) numbers.push(numberOf(column[point] as string, at));
    offsets.push(numbers.length / width);
  }
  if (offsets.length === 1) throw badFile(".ts", "a file without cases", "a case a line behind @data");
  const declared = Number((said.get("dimensions") ?? said.get("dimension"))?.[0] ?? width);
  if (declared !== width)
    throw badFile(".ts", `@dimensions ${declared}, and cases of ${width} channels`, "in agreement");
  const series: Series = {
    data: Float64Array.from(numbers),
    offsets: Float64Array.from(offsets),
    channels: Array.from({ length: width }, (_, i) => `${i}`),
    ids: Array.from({ length: offsets.length - 1 }, (_, i) => i),
  };
  return {
    ...withoutMissing(series, missing),
    name: said.get("problemname")?.join(" "),
    labels,
    classes: isTrue("classlabel") ? (said.get("classlabel") as string[]).slice(1) : [],
  };
}
