// The installed package on hosts that cannot compile bytes: workerd, bundled by wrangler as for
// deployment and run by Miniflare, and the Edge runtime of Vercel and Next.js, bundled as they do.
// Also checks that these bundles contain no code that compiles bytes, evaluates strings or starts
// workers, and that the default entry would indeed fail there.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { EdgeVM } from "@edge-runtime/vm";
import { type BuildOptions, build } from "esbuild";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { familyOf } from "../../ts/wasm/probe.ts";
import { type Consumer, root } from "../packaging/consumer.ts";
import { requireHost } from "./hosts.ts";
import { makeProject, type Report, settle } from "./project.ts";
import { bundleWorker, compatibilityDate, startWorker } from "./workerd.ts";

let project: Consumer;
beforeAll(async () => {
  project = await makeProject();
});
afterAll(() => project.close());

/**
 * APIs that compile bytes or strings, or start workers. Validating and instantiating do neither.
 */
const forbidden = new RegExp(
  [
    /WebAssembly\s*\.\s*(?:compile|instantiate)/,
    /new\s+WebAssembly\s*\.\s*Module\b/,
    /\bnew\s+(?:Shared)?Worker\b/,
    /\beval\s*\(/,
    /\bnew\s+Function\b/,
    /\bFunction\s*\(/,
  ]
    .map(({ source }) => source)
    .join("|"),
);

const { version: workerdVersion } = JSON.parse(
  readFileSync(join(root, "node_modules/workerd/package.json"), "utf8"),
) as { version: string };
const { version: vmVersion } = JSON.parse(
  readFileSync(join(root, "node_modules/@edge-runtime/vm/package.json"), "utf8"),
) as { version: string };

/** The response of one of these sources as a worker, bundled, and the text of the bundle. */
async function answer(name: string, source: string): Promise<{ status: number; text: string; bundled: string }> {
  project.write(`${name}.mjs`, source);
  project.write(
    `${name}.json`,
    JSON.stringify({ name, main: `${name}.mjs`, compatibility_date: compatibilityDate, send_metrics: false }),
  );
  const folder = await bundleWorker(project.folder, `${name}.json`);
  const miniflare = await startWorker(folder);
  try {
    const response = await miniflare.dispatchFetch("http://localhost/");
    const bundled = readFileSync(join(folder, `${name}.js`), "utf8");
    return { status: response.status, text: await response.text(), bundled };
  } finally {
    await miniflare.dispose();
  }
}

describe("workerd", () => {
  it("runs what wrangler bundled", async ({ skip }) => {
    requireHost("workerd", skip);
    const { text, bundled } = await answer(
      "worker",
      `import * as library from "path-signature";
       import * as algebra from "path-signature/algebra";
       import * as kernels from "path-signature/kernels";
       import { conformance } from "./conformance.mjs";
       export default { fetch: async () => Response.json(await conformance(library, { algebra, kernels })) };`,
    );
    await settle("workerd", JSON.parse(text) as Report, workerdVersion);
    expect(bundled).toContain("state_numbers");
    expect(bundled).not.toMatch(forbidden);
  });

  it("runs another family on its own binaries", async ({ skip }) => {
    requireHost("workerd", skip);
    const { text, bundled } = await answer(
      "algebra",
      `import { info, init } from "path-signature/algebra";
       export default { fetch: async () => Response.json([await init(), await init({ variant: "simd" }), info()]) };`,
    );
    expect(JSON.parse(text)).toMatchObject(["relaxed", "simd", "simd"].map((variant) => ({ variant, loaded: true })));
    // wrangler puts a hash in front of a file's name.
    const binaries = [...bundled.matchAll(/"\.\/[0-9a-f]+-([\w-]+)\.wasm"/g)].map(([, binary]) => binary);
    expect(binaries.sort()).toEqual(["algebra-relaxed", "algebra-simd"]);
    expect(bundled).not.toMatch(forbidden);
  });

  it("would refuse the default entry's bytes", async ({ skip }) => {
    requireHost("workerd", skip);
    const { bundled, ...outcome } = await answer(
      "inline",
      `import { signature } from "path-signature/inline";
       export default {
         fetch() {
           try {
             return Response.json([...signature([[0], [1]], { depth: 1 }).data]);
           } catch (error) {
             return new Response(String(error.code) + " " + error, { status: 500 });
           }
         },
       };`,
    );
    expect(outcome).toEqual({ status: 500, text: expect.stringMatching(/^INIT_FAILED/) as string });
    expect(bundled).toMatch(forbidden);
  });
});

describe("edge-runtime", () => {
  /**
   * As Next.js does: the condition `edge-light`, and `?module` imports become modules that the host
   * provides.
   */
  async function bundle(source: string): Promise<{ code: string; modules: Record<string, WebAssembly.Module> }> {
    const modules: Record<string, WebAssembly.Module> = {};
    const options: BuildOptions & { write: false } = {
      stdin: { contents: source, resolveDir: project.folder, loader: "js" },
      bundle: true,
      write: false,
      format: "iife",
      conditions: ["edge-light"],
      logLevel: "error",
      plugins: [
        {
          name: "modules",
          setup({ onResolve, onLoad }) {
            onResolve({ filter: /\.wasm\?module$/ }, ({ path, resolveDir }) => ({
              path: join(resolveDir, path.replace("?module", "")),
              namespace: "module",
            }));
            onLoad({ filter: /.*/, namespace: "module" }, ({ path }) => {
              const name = `wasm_${Object.keys(modules).length}`;
              modules[name] = new WebAssembly.Module(readFileSync(path));
              return { contents: `export default ${name};` };
            });
          },
        },
      ],
    };
    const { outputFiles } = await build(options);
    return { code: outputFiles[0]!.text, modules };
  }

  const machine = (modules: Record<string, WebAssembly.Module>) =>
    new EdgeVM({
      codeGeneration: { strings: false, wasm: false },
      extend: (context) => Object.assign(context, modules),
    });

  it("runs what was bundled", async () => {
    const { code, modules } = await bundle(
      `import * as library from "path-signature";
       import * as algebra from "path-signature/algebra";
       import * as kernels from "path-signature/kernels";
       import { conformance } from "./conformance.mjs";
       globalThis.report = conformance(library, { algebra, kernels }).then(JSON.stringify);`,
    );
    expect(Object.values(modules).map(familyOf).sort()).toEqual(["algebra", "core", "kernels"]);
    const vm = machine(modules);
    vm.evaluate(code);
    await settle("edge-light", JSON.parse(await vm.evaluate<Promise<string>>("report")) as Report, vmVersion);
    expect(code).not.toMatch(forbidden);
  });

  it("runs another family on its own binary", async () => {
    const { code, modules } = await bundle(
      `import { info, init } from "path-signature/algebra";
       globalThis.report = init().then(() => JSON.stringify(info()));`,
    );
    expect(Object.values(modules).map(familyOf)).toEqual(["algebra"]);
    const vm = machine(modules);
    vm.evaluate(code);
    expect(JSON.parse(await vm.evaluate<Promise<string>>("report"))).toMatchObject({ variant: "simd", loaded: true });
    expect(code).not.toMatch(forbidden);
  });

  it("would refuse the default entry's bytes", async () => {
    const { code } = await bundle(
      `import { signature } from "path-signature/inline";
       try { signature([[0], [1]], { depth: 1 }); } catch (error) { globalThis.report = error.code; }`,
    );
    const vm = machine({});
    vm.evaluate(code);
    expect(vm.evaluate("report")).toBe("INIT_FAILED");
  });

  it("says what is missing when a binary is asked for that the entry does not hold", async () => {
    const { code, modules } = await bundle(
      `import { init, signature } from "path-signature";
       globalThis.report = init({ variant: "relaxed" }).catch((error) => {
         const { data } = signature([[0], [1]], { depth: 1 });
         return JSON.stringify({ code: error.code, message: error.message, data: [...data] });
       });`,
    );
    const vm = machine(modules);
    vm.evaluate(code);
    expect(JSON.parse(await vm.evaluate<Promise<string>>("report"))).toMatchObject({
      code: "SOURCE_MISSING",
      message: expect.stringContaining('no WebAssembly binary "relaxed"'),
      data: [1],
    });
  });
});
