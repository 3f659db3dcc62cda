// A consumer project with the conformance file, and the findings of a row of the matrix: judged,
// and recorded for the table.

import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "vitest";
import { Consumer, root } from "../packaging/consumer.ts";
import { bitsOf } from "./bits.mjs";
import { rows } from "./rows.mjs";

/** The result of conformance.mjs. */
export interface Report {
  readonly info: { readonly version: string; readonly variant: string; readonly loaded: boolean };
  readonly checks: Readonly<Record<string, string>>;
  readonly bits: string | null;
}

const { version } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as { version: string };

/** A project in which conformance.mjs can be imported. */
export async function makeProject(): Promise<Consumer> {
  const project = new Consumer();
  await project.install();
  for (const name of ["conformance.mjs", "bits.mjs"])
    project.write(name, readFileSync(join(import.meta.dirname, name), "utf8"));
  project.write(
    "oracles.mjs",
    `export default ${readFileSync(join(root, "test/oracles/sig_vectors.json"), "utf8")};\n`,
  );
  return project;
}

/** The digest of `simd` here, which must be the same on every engine and processor. */
const bits = once(async () => {
  const library = (await import(join(root, "dist", "index.js"))) as typeof import("../../ts/index.ts");
  await library.init({ variant: "simd" });
  return bitsOf(library.signature);
});

function once<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined;
  return () => (made ??= make());
}

/** Folder for the findings of rows; scripts/matrix.mjs collects them. */
const folder = join(root, "target", "test", "runtimes");

/** Judges the findings of a row and records them. `version` is the runtime's own. */
export async function settle(id: string, report: Report, versionOf: string): Promise<void> {
  const row = rows.find((one) => one.id === id);
  if (row === undefined) throw new Error(`test/runtimes/rows.mjs has no row ${id}`);
  mkdirSync(folder, { recursive: true });
  const { checks, info } = report;
  writeFileSync(join(folder, `${id}.json`), JSON.stringify({ id, version: versionOf, variant: info.variant, checks }));
  const wrong = Object.entries(checks).filter(([, verdict]) => verdict !== "passed" && verdict !== "absent");
  expect(Object.fromEntries(wrong)).toEqual({});
  expect(Object.keys(checks)).toEqual([
    "oracles",
    "ragged batch",
    "bad input",
    "gradients",
    "pool",
    "algebra",
    "kernels",
    "same bits",
  ]);
  expect(info).toMatchObject({ version, variant: row.binary, loaded: true });
  expect(report.bits, "the binary simd computes other bits there").toBe(await bits());
}
