// Writes the API reference: a page for each entry of the package, made by TypeDoc from the
// docstrings of the published declarations.
//
//   node site/lib/api.ts

import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Application } from "typedoc";
import type { PluginOptions } from "typedoc-plugin-markdown";
import { slugify } from "./links.ts";
import { root } from "./pages.ts";

/** Entries by name, and what each is for. Hosts' variants of an entry export the same. */
const entries: Readonly<Record<string, { entry: string; text: string }>> = {
  index: { entry: "path-signature", text: "signatures, log-signatures, gradients, streams, the engine" },
  algebra: { entry: "path-signature/algebra", text: "products, inverses and logarithms of signatures" },
  kernels: { entry: "path-signature/kernels", text: "signature kernels, distances of samples, their gradients" },
  features: { entry: "path-signature/features", text: "from recordings to named columns of features" },
  io: { entry: "path-signature/io", text: "reading and writing `.npy`, `.npz` and `.ts`" },
  arrow: { entry: "path-signature/arrow", text: "tables of Apache Arrow" },
  tfjs: { entry: "path-signature/tfjs", text: "ops and layers of TensorFlow.js" },
};

const folder = join(root, "site", "generated");
const raw = join(root, "target", "site-api");

const pageFile = (name: string) => `api-${name}.md`;

const hosts = `Entries for hosts (\`slim\`, \`inline\`, those of workerd and edge-light) export the same names:
[runtimes](../../docs/runtimes.md) says which to choose.`;

/** Where headings and names in tables of a page are linked to, as VitePress numbers them. */
function anchorsOf(page: string): Set<string> {
  const found = new Set<string>([...page.matchAll(/ id="([^"]+)"/g)].map(([, id]) => id as string));
  for (const [, title] of page.matchAll(/^#+ (.*)$/gm)) {
    const slug = slugify((title as string).replaceAll("\\", ""));
    let anchor = slug;
    for (let i = 1; found.has(anchor); i++) anchor = `${slug}-${i}`;
    found.add(anchor);
  }
  return found;
}

/** Braces that Vue would read as an expression. */
const withoutMustaches = (text: string) => text.replaceAll("{{", "&#123;&#123;");

export async function writeApi(): Promise<void> {
  const app = await Application.bootstrapWithPlugins({
    plugin: ["typedoc-plugin-markdown"],
    outputs: [{ name: "markdown", path: raw }],
    entryPoints: Object.keys(entries).map((name) => join(root, "dist", `${name}.d.ts`)),
    tsconfig: join(root, "site", "lib", "api.tsconfig.json"),
    readme: "none",
    disableSources: true,
    excludePrivate: true,
    excludeExternals: false,
    skipErrorChecking: true,
    githubPages: false,
    logLevel: "Error",
    // Of the plugin:
    ...({
      router: "module",
      hidePageHeader: true,
      hideBreadcrumbs: true,
      expandParameters: false,
      useCodeBlocks: true,
      parametersFormat: "table",
      interfacePropertiesFormat: "table",
      tableColumnSettings: { hideSources: true },
    } as Partial<PluginOptions>),
  });
  const project = await app.convert();
  if (project === undefined) throw new Error("TypeDoc read no declarations");
  rmSync(raw, { recursive: true, force: true });
  await app.generateOutputs(project);
  if (app.logger.hasErrors()) throw new Error("TypeDoc reported errors");
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const pages = Object.fromEntries(
    Object.keys(entries).map((name) => [name, readFileSync(join(raw, `${name}.md`), "utf8")]),
  );
  const headings = Object.fromEntries(Object.entries(pages).map(([name, page]) => [name, anchorsOf(page)]));
  for (const [name, { entry, text }] of Object.entries(entries)) {
    const page = (pages[name] as string)
      .replace(/^# .*$/m, `# ${entry}\n\nAPI reference: ${text}.`)
      // TypeDoc counts headings that differ in case alone, and some that it does not write.
      .replaceAll(/\]\((?:(\w+)\.md)?#([\w-]+)\)/g, (_, other: string | undefined, anchor: string) => {
        const known = headings[other ?? name]?.has(anchor);
        return `](${other === undefined ? "" : pageFile(other)}#${known ? anchor : anchor.replace(/-\d+$/, "")})`;
      })
      .replaceAll(/\]\((\w+)\.md\)/g, (_, other: string) => `](${pageFile(other)})`);
    writeFileSync(join(folder, pageFile(name)), withoutMustaches(page));
  }
  const list = Object.entries(entries).map(([name, one]) => `- [\`${one.entry}\`](${pageFile(name)}): ${one.text}`);
  const intro = "Written from the docstrings of what is published, by entry:";
  writeFileSync(join(folder, "api.md"), `# API reference\n\n${intro}\n\n${list.join("\n")}\n\n${hosts}\n`);
}

await writeApi();
