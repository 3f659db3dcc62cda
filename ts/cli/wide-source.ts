// Wide tables: a row is a series, with columns A_0, A_1, … for the points of each channel A.

import { Database, databaseFault, quoted } from "./duckdb.ts";
import { Fault, wrongArguments } from "./fault.ts";
import type { ReadingOptions } from "./open.ts";
import { type Batch, numbersOfBatch, type Source } from "./source.ts";
import { columnNamed } from "./table-columns.ts";
import { columnsOf, fromFiles } from "./table-source.ts";

/** The columns of each channel, in the order of their numbers. */
function columnsOfChannels(names: readonly string[], given: readonly string[] | undefined): Map<string, string[]> {
  const found = new Map<string, [number, string][]>(given?.map((channel) => [channel, []]));
  for (const name of names) {
    const [, channel, point] = /^(.*?)[_.-]?(\d+)$/.exec(name) ?? [];
    if (channel === undefined || (given !== undefined && !given.includes(channel))) continue;
    const own = found.get(channel) ?? [];
    own.push([Number(point), name]);
    found.set(channel, own);
  }
  const sorted = [...found].map(([channel, own]): [string, string[]] => [
    channel === "" ? "value" : channel,
    own.sort(([a], [b]) => a - b).map(([, name]) => name),
  ]);
  const [first] = sorted;
  if (first === undefined || first[1].length === 0)
    throw wrongArguments(`--wide: no columns such as x_0, x_1, …. Columns: ${names.join(", ")}`);
  const other = sorted.find(([, own]) => own.length !== first[1].length);
  if (other)
    throw wrongArguments(`--wide: ${first[1].length} columns of ${first[0]}, but ${other[1].length} of ${other[0]}.`);
  return new Map(sorted);
}

export async function openWide(
  files: readonly string[],
  options: ReadingOptions,
  signal: AbortSignal,
): Promise<Source> {
  if (options.sort !== undefined) throw wrongArguments("--sort: the rows of a wide table are series.");
  const database = await Database.open(signal);
  try {
    const connection = await database.connect();
    const columns = await columnsOf(connection, files);
    const id = options.id === undefined ? undefined : columnNamed(columns, options.id, "id");
    const names = columns.map(({ name }) => name).filter((name) => name !== id?.name);
    const byChannel = columnsOfChannels(names, options.channels);
    const channels = [...byChannel.keys()];
    const width = channels.length;
    const all = [...byChannel.values()];
    const longest = (all[0] as string[]).length;
    // Point by point, as the numbers are stored.
    const points = Array.from({ length: longest }, (_, k) => all.map((own) => own[k] as string)).flat();
    const from = fromFiles(files);
    const [first] = (await connection.runAndReadAll(`SELECT count(*)::DOUBLE FROM ${from}`)).getRows();
    const list = points.map((name) => `${quoted(name)}::DOUBLE`).join(", ");
    const key = id === undefined ? "(row_number() OVER () - 1)" : quoted(id.name);
    return {
      id: { name: id?.name ?? "id", type: id?.type ?? "BIGINT" },
      channels,
      count: (first as number[])[0] as number,
      longest,
      hasLabels: false,
      async *batches(): AsyncGenerator<Batch> {
        try {
          const result = await connection.stream(`SELECT ${key}, ${list} FROM ${from}`);
          let rows: { id: never; numbers: number[] }[] = [];
          const batch = (): Batch => {
            const offsets = Float64Array.of(0, ...rows.map(({ numbers }) => numbers.length / width));
            for (let i = 1; i < offsets.length; i++) offsets[i] = (offsets[i] as number) + (offsets[i - 1] as number);
            const data = Float64Array.from(rows.flatMap(({ numbers }) => numbers));
            const series = { data, offsets, channels, ids: rows.map((row) => row.id) };
            rows = [];
            return { series };
          };
          for (let chunk = await result.fetchChunk(); chunk?.rowCount; chunk = await result.fetchChunk()) {
            for (const [key, ...values] of chunk.getRows()) {
              // Columns that are empty up to the end are no points.
              let end = longest;
              while (end > 0 && values.slice((end - 1) * width, end * width).every((x) => x === null)) end--;
              if (key === null || end === 0)
                throw new Fault(`${files.join(", ")}: a row without ${end ? "id" : "points"}.`);
              rows.push({
                id: key as never,
                numbers: values.slice(0, end * width).map((x) => (x ?? Number.NaN) as number),
              });
              if (rows.length * longest * width >= numbersOfBatch) yield batch();
            }
          }
          if (rows.length > 0) yield batch();
        } catch (error) {
          throw error instanceof Fault ? error : databaseFault(files, error);
        }
      },
      locate: async (own, point, channel) =>
        `${files.join(", ")}, series ${own}, column ${(all[channel] as string[])[point]}`,
      [Symbol.asyncDispose]: () => database[Symbol.asyncDispose](),
    };
  } catch (error) {
    await database[Symbol.asyncDispose]();
    throw error instanceof Fault ? error : databaseFault(files, error);
  }
}
