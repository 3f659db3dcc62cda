// Opens files by their kind, with the options that say how they are read.

// As a whole: Node 20 has no `glob`.
import * as fs from "node:fs/promises";
import { isPathSignatureError } from "../input/errors.ts";
import { readNpz } from "../io/npy.ts";
import { readTs } from "../io/ts-file.ts";
import type { Missing } from "../tables/missing.ts";
import { peer } from "../tables/peer.ts";
import type { Values } from "./arguments.ts";
import { Fault, wrongArguments } from "./fault.ts";
import { openNpy } from "./npy-source.ts";
import { openRowGroups } from "./row-group-source.ts";
import { type Source, sourceInMemory } from "./source.ts";
import { isParquet, openTable } from "./table-source.ts";
import { openWide } from "./wide-source.ts";

export interface ReadingOptions {
  readonly id: string | undefined;
  readonly sort: string | undefined;
  readonly channels: readonly string[] | undefined;
  readonly wide: boolean;
  readonly layout: "channels-last" | "channels-first" | undefined;
  readonly missing: Missing;
}

export const readReading = (values: Values): ReadingOptions => ({
  id: values.text("id"),
  sort: values.text("sort"),
  channels: values.list("channels"),
  wide: values.has("wide"),
  layout: values.oneOf("layout", ["channels-last", "channels-first"]),
  missing: values.oneOf("missing", ["error", "ffill", "interpolate", "drop-row"]) ?? "error",
});

/** The files of names and patterns, in order. @throws Fault for a name without a file */
export async function filesOf(given: readonly string[]): Promise<string[]> {
  const all: string[] = [];
  for (const name of given) {
    const isThere = await fs.stat(name).then(
      (found) => found.isFile(),
      () => false,
    );
    if (isThere) {
      all.push(name);
      continue;
    }
    if (!/[*?[{]/.test(name)) throw new Fault(`${name}: there is no such file.`);
    if (!("glob" in fs)) throw new Fault(`${name}: patterns need Node 22; let the shell expand it.`);
    const found: string[] = [];
    for await (const file of fs.glob(name)) found.push(file);
    if (found.length === 0) throw new Fault(`${name}: no file matches.`);
    all.push(...found.sort());
  }
  return all;
}

export type FileKind = "table" | "npy" | "npz" | "ts" | "arrow";

export function kindOfFile(file: string): FileKind {
  if (/\.(parquet|pq|csv|tsv|csv\.gz|tsv\.gz)$/i.test(file)) return "table";
  const [, kind] = /\.(npy|npz|ts|arrow|feather|ipc)$/i.exec(file) ?? [];
  if (kind === undefined)
    throw wrongArguments(`${file}: neither .parquet, .csv, .tsv, .npy, .npz, .ts nor .arrow by its name.`);
  return kind === "feather" || kind === "ipc" ? "arrow" : (kind.toLowerCase() as FileKind);
}

export async function openFiles(
  files: readonly string[],
  options: ReadingOptions,
  signal: AbortSignal,
): Promise<Source> {
  const kinds = new Set(files.map(kindOfFile));
  const [kind] = kinds;
  const [file] = files as [string];
  if (kinds.size > 1) throw wrongArguments("Files of different kinds cannot be read together.");
  if (kind !== "table" && files.length > 1)
    throw wrongArguments(`Of .${kind} files one can be read at a time: ${files.join(", ")}`);
  if (options.wide && kind !== "table") throw wrongArguments("--wide is for tables: .parquet, .csv, .tsv.");
  try {
    if (kind === "table" && options.wide) return await openWide(files, options, signal);
    if (kind === "table") {
      const open = () => openTable(files, options, signal);
      return await withoutDuckdb(files, open, (hyparquet) => openRowGroups(hyparquet, files, options, signal));
    }
    if (kind === "npy") return await openNpy(file, options);
    if (kind === "ts") return await openTs(file, options);
    if (kind === "arrow") return await openArrow(file, options);
    const names = Object.keys(await readNpz(file)).join(", ");
    throw new Fault(`${file} holds the arrays ${names}: save the one that is wanted as .npy.`);
  } catch (error) {
    if (isPathSignatureError(error) && error.code !== "PEER_MISSING") throw new Fault(`${file}: ${error.message}`);
    throw error;
  }
}

/** Does something with Parquet files by DuckDB or, where only that can be had, by hyparquet. */
export async function withoutDuckdb<T>(
  files: readonly string[],
  byDuckdb: () => Promise<T>,
  byHyparquet: (hyparquet: typeof import("hyparquet")) => Promise<T>,
): Promise<T> {
  try {
    return await byDuckdb();
  } catch (error) {
    if (!isPathSignatureError(error) || error.code !== "PEER_MISSING") throw error;
    const hyparquet = files.every(isParquet) ? await import("hyparquet").catch(() => undefined) : undefined;
    if (hyparquet === undefined) throw error;
    return await byHyparquet(hyparquet);
  }
}

async function openTs(file: string, { missing, channels, id, sort }: ReadingOptions): Promise<Source> {
  if (id !== undefined || sort !== undefined) throw wrongArguments("--id, --sort: a .ts file has no columns.");
  const { labels, ...series } = await readTs(file, { missing });
  if (channels !== undefined && channels.length !== series.channels.length)
    throw wrongArguments(`--channels has ${channels.length} names; ${file} has ${series.channels.length} channels.`);
  return sourceInMemory(file, channels === undefined ? series : { ...series, channels }, labels);
}

async function openArrow(file: string, { missing, channels, id, sort }: ReadingOptions): Promise<Source> {
  if (id === undefined || channels === undefined)
    throw wrongArguments(`${file}: name the columns of an Arrow table by --id and --channels.`);
  const { tableFromIPC } = await peer("apache-arrow", () => import("apache-arrow"));
  const { pathsFromArrow } = await import("../arrow/read.ts");
  const series = pathsFromArrow(tableFromIPC(await fs.readFile(file)), { id, time: sort, channels, missing });
  return sourceInMemory(file, series);
}
