// Every code sample of the README and the guides runs, and values in its comments are true. Samples
// import the built package by its name.

import { execFile } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { describe, expect, it } from "vitest";
import { swiftShaderToggles, vulkanDriver } from "../scripts/lib/webgpu.mjs";
import { samplesOf } from "./docs/samples.ts";
import { hardware, missing } from "./gpu/implementations.ts";

const root = join(import.meta.dirname, "..");
const folder = join(root, "target", "test", "docs");
const node = join(root, "node_modules", "node", "bin", "node");

const pages = [
  "README.md",
  ...readdirSync(join(root, "docs"))
    .filter((name) => name.endsWith(".md"))
    .map((name) => `docs/${name}`),
];

/** Guides without code of their own: mathematics, tables, figures and commands. */
const withoutSamples = new Set(
  ["gradients", "pruned-walk", "glossary", "performance", "scale", "site"].map((name) => `docs/${name}.md`),
);

const textOf = (page: string) => readFileSync(join(root, page), "utf8");

/** Without a GPU, WebGPU samples run on a software adapter, which Dawn has to be told of. */
const software = hardware ? undefined : (vulkanDriver("swiftShader") as string | undefined);
const env = software ? { ...process.env, VK_ICD_FILENAMES: software, VK_DRIVER_FILES: software } : process.env;
const withAdapter = (code: string) =>
  software ? code.replace("create([])", `create(${JSON.stringify([swiftShaderToggles])})`) : code;

rmSync(folder, { recursive: true, force: true });
mkdirSync(folder, { recursive: true });

const written: string[] = [];

for (const page of pages) {
  const samples = samplesOf(textOf(page));
  if (withoutSamples.has(page)) {
    it(`${page} has no samples`, () => expect(samples).toEqual([]));
    continue;
  }
  describe(page, () => {
    it("has samples", () => expect(samples.length).toBeGreaterThan(0));
    for (const { title, line, code, needsGpu } of samples) {
      const file = join(folder, `${page.replaceAll("/", "-")}-${line}.mts`);
      writeFileSync(
        file,
        `import { claim } from ${JSON.stringify(join(root, "test/docs/claim.mjs"))};\n${withAdapter(code)}`,
      );
      written.push(file);
      it.skipIf(needsGpu && missing.dawn() !== undefined)(`line ${line}: ${title}`, async () => {
        await promisify(execFile)(node, ["--no-warnings", file], { cwd: root, env, timeout: 60_000 });
      });
    }
  });
}

it("samples have no type errors", async () => {
  const config = {
    extends: join(root, "tsconfig.json"),
    compilerOptions: {
      ...{ noEmit: true, allowJs: true, noUnusedLocals: false, noUnusedParameters: false, skipLibCheck: true },
      ...{ allowImportingTsExtensions: true, paths: {}, typeRoots: [join(root, "node_modules/@types")] },
    },
    include: [],
    files: written,
  };
  writeFileSync(join(folder, "tsconfig.json"), JSON.stringify(config));
  const run = promisify(execFile)(node, [join(root, "node_modules/typescript/bin/tsc"), "-p", folder], { cwd: root });
  const output = await run.then(
    ({ stdout }) => stdout,
    ({ stdout }: { stdout: string }) => stdout,
  );
  expect(output).toBe("");
});

/** Where a heading is linked to, as GitHub makes it. */
const anchorOf = (title: string) =>
  title
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N} _-]/gu, "")
    .replaceAll(" ", "-");

it.each(pages)("%s links to files and headings that exist", (page) => {
  const broken = [...textOf(page).matchAll(/\]\((?!https?:)([^)#]*)(#[^)]*)?\)/g)]
    .filter(([, path, anchor]) => {
      const target = path ? join(dirname(page), path) : page;
      if (!existsSync(join(root, target))) return true;
      if (!anchor) return false;
      const anchors = [...textOf(target).matchAll(/^#+ (.*)$/gm)].map(([, title]) => `#${anchorOf(title as string)}`);
      return !anchors.includes(anchor);
    })
    .map(([link]) => link);
  expect(broken).toEqual([]);
});

it("docs/errors.md lists every code once", () => {
  const table = /interface PathSignatureErrorCodes \{([\s\S]*?)^\}/m.exec(textOf("ts/input/errors.ts"))?.[1] ?? "";
  const codes = [...table.matchAll(/^ {2}(\w+): "/gm)].map(([, code]) => code);
  const listed = [...textOf("docs/errors.md").matchAll(/^\| (`[A-Z_0-9]+`(?:, `[A-Z_0-9]+`)*) \|/gm)].flatMap(
    ([, names]) => [...(names as string).matchAll(/\w+/g)].map(([name]) => name),
  );
  expect(codes.length).toBeGreaterThan(50);
  expect(listed.toSorted()).toEqual(codes.toSorted());
});

it("the README fits in 180 lines, and its links are in the package", () => {
  expect(textOf("README.md").split("\n").length).toBeLessThanOrEqual(180);
  const { files } = JSON.parse(textOf("package.json")) as { files: string[] };
  const links = [...textOf("README.md").matchAll(/\]\((?!https?:|#)([^)#]*)/g)].map(([, path]) => path as string);
  const inPackage = (path: string) => files.some((entry) => path === entry || path.startsWith(`${entry}/`));
  expect(links.filter((path) => !inPackage(path))).toEqual([]);
});
