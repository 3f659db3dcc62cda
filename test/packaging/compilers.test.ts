// The package's declarations under several versions of TypeScript, with the types of the DOM and
// without, checked themselves (`skipLibCheck: false`): they need no ambient types of WebGPU or of
// pages, and hold nothing that is not part of the API.

import { existsSync, readdirSync, readFileSync, rmSync, symlinkSync, unlinkSync } from "node:fs";
import { basename, join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { filesUnder, fingerprint, writeIfChanged } from "../../scripts/lib/fingerprint.mjs";
import { level } from "../level.ts";
import { Consumer, nodes, root } from "./consumer.ts";

const consumer = new Consumer();
beforeAll(() => consumer.install());
afterAll(() => consumer.close());

/** Compilers by version. The oldest is the one that the README names. */
const compilers = {
  "5.4": "typescript-5.4/bin/tsc",
  "5.9": "typescript-5.9/bin/tsc",
  "6": "@typescript/typescript6/bin/tsc6",
  "7": "typescript/bin/tsc",
} as const;

/** A program that uses every entry, and each argument that a host's object can be given for. */
const program = `
import {
  createEngine, createSignatureStream, init, signature, signatureTransform, signatureVjp,
  type Engine, type GpuTensor,
} from "path-signature";
import * as slim from "path-signature/slim";
import * as inline from "path-signature/inline";
import * as algebra from "path-signature/algebra";
import * as algebraSlim from "path-signature/algebra/slim";
import module from "path-signature/wasm/simd.wasm";
import "path-signature/worker";

export const data: Float64Array = signature([[0, 0], [1, 2]], { depth: 2 }).data;
export const gradient: Float64Array = signatureVjp([[0, 0], [1, 2]], [1, 1], { depth: 1 }).paths.data;
export const ready = [init(), slim.init(module), inline.init(new Uint8Array(8)), algebraSlim.init("binary.wasm")];
export const row: Float64Array = algebra.exp([1, 0, 0], { channels: 1, depth: 3 }).data;

using stream = createSignatureStream({ channels: 2, depth: 2, dtype: "float32" });
export const streamed: Float32Array = stream.push([0, 1]).value().data;
// @ts-expect-error: no such option
createSignatureStream({ channels: 2, depth: 2, windows: 3 });
export const pipe = signatureTransform({ channels: 2, depth: 2 });

declare const host: { requestAdapter(): Promise<null> };
// @ts-expect-error: no source of GPUs
createEngine({ gpu: { adapter: 1 } });

export async function onEngine(engine: Engine): Promise<GpuTensor> {
  await createEngine({ gpu: host, workerFactory: () => ({
    postMessage() {}, on() {}, off() {}, terminate() {}, ref() {}, unref() {},
  }) });
  const tensor = await engine.signature([[0, 0], [1, 2]], { depth: 2, output: "gpu" });
  const again: Float32Array = (await engine.signature(tensor, { depth: 2 })).data;
  tensor.buffer.destroy();
  const bytes: number = tensor.buffer.size + again.length;
  // @ts-expect-error: the buffer has no such member
  tensor.buffer.bytes;
  console.log(bytes);
  return tensor;
}
declare const console: { log(...values: unknown[]): void };
`;

/** What compilers print of the types of results, in hovers and in declarations. */
const results = `
import { type Engine, type Signature, type Signatures, signature } from "path-signature";
declare const engine: Engine;
const data = new Float32Array(12);
export const one = signature([[0, 0], [1, 2]], { depth: 2 });
export const single = signature({ data, shape: [6, 2] }, { depth: 2 });
export const batch = signature({ data, shape: [2, 3, 2] }, { depth: 2 });
export const stream = signature({ data, shape: [6, 2] }, { depth: 2, stream: true, dtype: "float64" });
export const later = engine.signature({ data, shape: [6, 2] }, { depth: 2 });
`;
const printed = {
  one: 'Signature<"float64">',
  single: 'Signature<"float32">',
  batch: 'Signatures<"float32">',
  stream: 'Signatures<"float64">',
  later: 'Promise<Signature<"float32">>',
};

const strict = { strict: true, noEmit: true, exactOptionalPropertyTypes: true, noUncheckedIndexedAccess: true };
const bundled = { target: "es2022", module: "esnext", moduleResolution: "bundler", types: [], skipLibCheck: false };

const typeErrors = async (version: keyof typeof compilers, file: string, ...lib: string[]): Promise<string> =>
  (await compile(version, file, { ...strict, ...bundled, lib: ["es2022", ...lib] })).errors;

/** What a compiler says, and the declarations that it writes. */
interface Said {
  readonly errors: string;
  readonly declarations: string;
}

/** Compilers, libraries and the package's declarations: all that is read besides a program. */
const read = filesUnder("dist", "package.json", "package-lock.json").filter((name) => !name.endsWith(".js"));

/** By default the answer of the last run, if everything that was read is the same. */
async function compile(version: keyof typeof compilers, file: string, compilerOptions: object): Promise<Said> {
  const print = fingerprint(read, readFileSync(file, "utf8"), compilerOptions);
  const kept = join(root, "target", "test", "compilers", `${basename(file)}-${version}.json`);
  const last = existsSync(kept) && (JSON.parse(readFileSync(kept, "utf8")) as Said & { print: string });
  if (last && last.print === print && level !== "all") return last;
  const project = consumer.write("tsconfig.json", JSON.stringify({ compilerOptions, files: [file] }));
  const written = file.replace(".mts", ".d.mts");
  rmSync(written, { force: true });
  let errors = "";
  try {
    errors = await consumer.run(nodes["Node 24"], join(root, "node_modules", compilers[version]), "-p", project);
  } catch (error) {
    errors = (error as { stdout: string }).stdout;
  }
  const said = { errors, declarations: existsSync(written) ? readFileSync(written, "utf8") : "" };
  writeIfChanged(kept, JSON.stringify({ print, ...said }));
  return said;
}

describe.each(Object.keys(compilers) as (keyof typeof compilers)[])("TypeScript %s", (version) => {
  it("checks a program and the declarations, without the types of pages", async () => {
    const file = consumer.write("apart.mts", program);
    expect(await typeErrors(version, file)).toBe("");
  });

  it("checks them with the types of pages", async () => {
    const text = program.replace("declare const console", "declare const shadowed");
    const onPage = `
declare const worker: Worker;
createEngine({ workerFactory: () => worker });
init(fetch("binary.wasm"));
init(new URL("https://host/binary.wasm"));
export const compiled: WebAssembly.Module = module;
signatureVjp([[0, 0]], [1, 1], { depth: 1 });
export const written: WritableStream = pipe.writable;
export const aborted = (engine: Engine) => engine.signature([[0, 0]], { depth: 1, signal: AbortSignal.timeout(1) });
`;
    const file = consumer.write("page.mts", text + onPage);
    expect(await typeErrors(version, file, "dom")).toBe("");
  });

  it("prints short types of results", async () => {
    const file = consumer.write("results.mts", results);
    const options = { ...bundled, declaration: true, emitDeclarationOnly: true };
    const { declarations, errors } = await compile(version, file, options);
    expect(errors).toBe("");
    const types = Object.fromEntries(
      Array.from(declarations.matchAll(/const (\w+): (.+);/g), (found) => found.slice(1)),
    );
    expect(types).toMatchObject(printed);
  });

  it("checks a program with TensorFlow.js", async () => {
    const scope = join(consumer.folder, "node_modules", "@tensorflow");
    symlinkSync(join(root, "node_modules", "@tensorflow"), scope);
    const file = consumer.write(
      "tensors.mts",
      `import { LogSigLayer, logSignature, prepare, SigLayer, signature } from "path-signature/tfjs";
       import { serialization, type Tensor } from "@tensorflow/tfjs-core";
       import type { layers } from "@tensorflow/tfjs-layers";
       export const layer: layers.Layer & SigLayer = new SigLayer({ depth: 2 });
       serialization.registerClass(SigLayer);
       export const of = (x: Tensor): Tensor => signature(x, { depth: 2 });
       export const logLayer: layers.Layer & LogSigLayer = new LogSigLayer({ depth: 2, basis: "hall" });
       serialization.registerClass(LogSigLayer);
       export const logOf = (x: Tensor): Tensor => logSignature(x, { depth: 2, basis: "lyndon" });
       // @ts-expect-error: no such argument
       new SigLayer({ depth: 2, streams: true });
       // @ts-expect-error: log-signatures have no scalar term
       new LogSigLayer({ depth: 2, scalarTerm: true });
       export const ready: Promise<void> = prepare();`,
    );
    const errors = await typeErrors(version, file, "dom").finally(() => unlinkSync(scope));
    // Those of TensorFlow.js's own declarations are not ours.
    expect(errors.split("\n").filter((line) => /^(tensors|node_modules.path-signature)/.test(line))).toEqual([]);
  });
});

it("declarations name no ambient types of WebGPU, and declare nothing internal", () => {
  const dist = join(consumer.folder, "node_modules", "path-signature", "dist");
  const files = readdirSync(dist, { recursive: true, encoding: "utf8" }).filter((name) => name.endsWith(".d.ts"));
  for (const name of files) {
    const text = readFileSync(join(dist, name), "utf8").replace(/\/\*[\s\S]*?\*\/|"[^"]*"/g, "");
    expect(text.match(/\bGPU[A-Z]\w+/g), name).toBe(null);
    expect(text.match(/\b(Submitter|Pipelines|Descriptor|Runtime|Readers)\b/g), name).toBe(null);
  }
});
