// The command line: enqueue, work, status, retry, merge.

import { resolve } from "node:path";
import { parseArgs } from "node:util";
import type { Augmentation } from "path-signature";
import { enqueue } from "./enqueue.ts";
import { Fault } from "./fault.ts";
import { merge } from "./merge.ts";
import { retry, status } from "./status.ts";
import { work } from "./work.ts";

const usage = `Usage: COMMAND [options]

  enqueue FOLDER   jobs for the Parquet files of a folder
  work             takes jobs until it is told to stop (SIGTERM)
  status           what is done, waiting and failed, with reasons
  retry            another try of what failed
  merge            one table of all results, checked

  --out FOLDER          results (default output)
  --redis URL           (default redis://127.0.0.1:6379)
  enqueue:
  --ids N               jobs of N ids each, over all files (default: a job for each file)
  --id, --time NAME     columns (default id, time)
  --channels A,B,…      columns (default: all others that have numbers)
  --depth N             (default 3)
  --augment JSON        augmentations, as in the library (default [])
  --dtype NAME          float32 (default) or float64
  --bad-rows POLICY     refuse (default) or quarantine
  work:
  --threads N           (default 1)
  --drain               ends when no jobs are left
  --lock-seconds N      after how long a silent worker counts as dead (default 30)
  --grace-seconds N     for the job at hand after a signal (default 30)`;

/** npm changes to the package's folder, but users mean paths relative to their own. */
const here = process.env.INIT_CWD ?? process.cwd();

const text = { type: "string" } as const;
const options = {
  out: { ...text, default: "output" },
  redis: { ...text, default: "redis://127.0.0.1:6379" },
  ids: text,
  id: { ...text, default: "id" },
  time: { ...text, default: "time" },
  channels: text,
  depth: { ...text, default: "3" },
  augment: { ...text, default: "[]" },
  dtype: { ...text, default: "float32" },
  "bad-rows": { ...text, default: "refuse" },
  threads: { ...text, default: "1" },
  drain: { type: "boolean", default: false },
  "lock-seconds": { ...text, default: "30" },
  "grace-seconds": { ...text, default: "30" },
  help: { type: "boolean", default: false },
} as const;

function read(given: readonly string[]) {
  try {
    return parseArgs({ args: [...given], options, allowPositionals: true });
  } catch (error) {
    throw new Fault(`${(error as Error).message}\n\n${usage}`);
  }
}

type Values = ReturnType<typeof read>["values"];

function numberOf(values: Values, name: "ids" | "depth" | "threads" | "lock-seconds" | "grace-seconds", least: number) {
  const value = Number(values[name]);
  if (!(value >= least) || (!name.endsWith("seconds") && !Number.isInteger(value)))
    throw new Fault(`--${name} takes a number from ${least} on, not ${values[name]}.`);
  return value;
}

function oneOf<T extends string>(values: Values, name: "dtype" | "bad-rows", accepted: readonly T[]): T {
  const found = accepted.find((one) => one === values[name]);
  if (found === undefined) throw new Fault(`--${name} takes ${accepted.join(" or ")}, not ${values[name]}.`);
  return found;
}

function augmentations(json: string): Augmentation[] {
  try {
    const list: unknown = JSON.parse(json);
    if (Array.isArray(list)) return list as Augmentation[];
  } catch {}
  throw new Fault(`--augment takes a list in JSON, such as '["time"]', not ${json}.`);
}

async function run(given: readonly string[]): Promise<unknown> {
  const { values, positionals } = read(given);
  const [command, ...rest] = positionals;
  const out = resolve(here, values.out);
  const { redis } = values;
  if (values.help || command === undefined) return usage;
  if (rest.length !== (command === "enqueue" ? 1 : 0)) throw new Fault(usage);
  switch (command) {
    case "enqueue": {
      const channels = values.channels?.split(",");
      return enqueue({
        folder: resolve(here, rest[0] as string),
        out,
        redis,
        ids: values.ids === undefined ? undefined : numberOf(values, "ids", 1),
        settings: {
          columns: { id: values.id, time: values.time, ...(channels && { channels }) },
          depth: numberOf(values, "depth", 1),
          augment: augmentations(values.augment),
          dtype: oneOf(values, "dtype", ["float32", "float64"]),
          badRows: oneOf(values, "bad-rows", ["refuse", "quarantine"]),
        },
      });
    }
    case "work":
      return work({
        redis,
        threads: numberOf(values, "threads", 1),
        lockMs: numberOf(values, "lock-seconds", 0.1) * 1000,
        graceMs: numberOf(values, "grace-seconds", 0) * 1000,
        drain: values.drain,
      });
    case "status":
      return status(out, redis);
    case "retry":
      return { retried: await retry(out, redis) };
    case "merge":
      return merge(out, numberOf(values, "threads", 1));
    default:
      throw new Fault(`${command} is not a command.\n\n${usage}`);
  }
}

/** @returns the exit code. */
export async function main(given: readonly string[]): Promise<number> {
  try {
    const result = await run(given);
    console.log(typeof result === "string" ? result : JSON.stringify(result));
    return 0;
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    console.error(error.message);
    return 1;
  }
}

if (import.meta.main) process.exitCode = await main(process.argv.slice(2));
