// `path-signature inspect`: what a file holds, and how many features it gives.

import { logSignatureSize, signatureSize } from "../index.ts";
import type { Values } from "./arguments.ts";
import { Database } from "./duckdb.ts";
import { Fault, wrongArguments } from "./fault.ts";
import type { Summary } from "./features.ts";
import { filesOf, kindOfFile, openFiles, readReading, withoutDuckdb } from "./open.ts";
import { columnsOfParquet } from "./row-group-source.ts";
import type { Column } from "./table-columns.ts";
import { columnsOf } from "./table-source.ts";

/** Names that columns of ids and of times usually have. */
const usual = {
  id: /^(id|.*_id|series|sample|case|utterance|gesture|subject|user|recording|name)$/i,
  sort: /^(t|ts|time|timestamp|date|datetime|frame|step|index|i|row|point|seq)$/i,
};

export async function inspect(values: Values, given: readonly string[], signal: AbortSignal): Promise<Summary> {
  if (given.length !== 1) throw wrongArguments("inspect takes one file.");
  const files = await filesOf(given);
  const [file] = files as [string];
  const reading = readReading(values);
  const isTable = kindOfFile(file) === "table" && !reading.wide;
  const columns = isTable ? await columnsOfFile(files, signal) : undefined;
  const usualName = (which: keyof typeof usual) => columns?.find(({ name }) => usual[which].test(name))?.name;
  const id = reading.id ?? usualName("id");
  const sort = reading.sort ?? usualName("sort");
  await using source = await openFiles(files, isTable ? { ...reading, id, sort } : reading, signal);
  const { channels, count, longest } = source;
  let [shortest, points] = [Number.POSITIVE_INFINITY, 0];
  const missing = new Array<number>(channels.length).fill(0);
  for await (const { series } of source.batches()) {
    const { data, offsets, ids } = series;
    ids.forEach((_, i) => {
      shortest = Math.min(shortest, (offsets[i + 1] as number) - (offsets[i] as number));
    });
    points += offsets[ids.length] as number;
    data.forEach((x, i) => {
      if (Number.isNaN(x)) missing[i % channels.length] = (missing[i % channels.length] as number) + 1;
    });
  }
  if (count === 0) throw new Fault(`${file}: no series.`);
  const sizes = [1, 2, 3, 4, 5, 6].map((depth) => ({
    depth,
    signature: signatureSize(channels.length, depth),
    logSignature: logSignatureSize(channels.length, depth),
  }));
  // As many features as a linear model can take.
  const depth = Math.max(2, sizes.filter(({ signature }) => signature <= 1000).at(-1)?.depth ?? 1);
  const hasGaps = missing.some((count) => count > 0);
  const suggestion = [
    `path-signature features ${file}`,
    ...(isTable && id !== undefined ? [`--id ${id}`] : []),
    ...(isTable && sort !== undefined ? [`--sort ${sort}`] : []),
    ...(isTable ? [`--channels ${channels.join()}`] : []),
    ...(reading.layout === undefined ? [] : [`--layout ${reading.layout}`]),
    ...(hasGaps ? ["--missing ffill"] : []),
    `--depth ${Math.min(depth, 4)} --augment time,basepoint --out features.parquet`,
  ].join(" ");
  return {
    file,
    ...(columns && { columns: Object.fromEntries(columns.map(({ name, type }) => [name, type])) }),
    series: count,
    points: { all: points, shortest, longest },
    channels,
    missing: Object.fromEntries(channels.map((name, i) => [name, missing[i]])),
    sizes,
    suggestion,
  };
}

const columnsOfFile = (files: readonly string[], signal: AbortSignal): Promise<Column[]> =>
  withoutDuckdb(
    files,
    async () => {
      await using database = await Database.open(signal);
      return await columnsOf(await database.connect(), files);
    },
    (hyparquet) => columnsOfParquet(hyparquet, files[0] as string),
  );
