// The documentation site. Its guides are the Markdown files of the repository, where they are;
// site/lib mends their links, renders their mathematics and makes their samples run.

import { katex } from "@mdit/plugin-katex";
import { defineConfig } from "vitepress";
import { base } from "../lib/base.ts";
import { components } from "../lib/components.ts";
import { links, slugify } from "../lib/links.ts";
import { aliases } from "../lib/package.ts";
import { rewrites, root } from "../lib/pages.ts";
import { sampleModules, samples } from "../lib/samples.ts";

const page = (text: string, name: string) => ({ text, link: `/${name}` });

/**
 * Pages lie outside this folder, where bundlers do not find its node_modules. What renders pages
 * when the site is built runs in it, and does.
 */
const vueOfRenderer = {
  name: "vue-of-renderer",
  enforce: "pre" as const,
  resolveId: (id: string, _importer: string | undefined, { ssr }: { ssr?: boolean }) =>
    ssr && /^vue(?:\/server-renderer)?$/.test(id) ? { id, external: true } : undefined,
};

export default defineConfig({
  title: "path-signature",
  description: "Path signatures, log-signatures and signature kernels, anywhere JavaScript runs",
  lang: "en",
  base,
  head: [["link", { rel: "icon", type: "image/svg+xml", href: `${base}icon.svg` }]],
  srcDir: root,
  srcExclude: [
    "!(docs|examples|python|site)/*.md",
    "!(docs|examples|python|site)/*/**",
    "python/*/**",
    "examples/*/!(README.md)",
    "examples/*/*/**",
    "site/!(pages|generated)/**",
    "site/*.md",
  ],
  rewrites: { ...rewrites },
  buildConcurrency: 2,
  outDir: `${root}/target/site`,
  cacheDir: `${root}/target/site-cache`,
  vite: {
    publicDir: `${root}/site/public`,
    resolve: { alias: aliases },
    plugins: [sampleModules(), vueOfRenderer],
    worker: { format: "es" },
    build: {
      target: "es2022",
      assetsInlineLimit: 0,
      chunkSizeWarningLimit: 2_000,
    },
    experimental: {
      // In scripts: beside the page, whose folder theme/index.ts's inline script names.
      renderBuiltUrl: (name, { hostType, ssr }) =>
        hostType === "js" && !ssr ? { runtime: `(globalThis.siteBase + ${JSON.stringify(name)})` } : undefined,
    },
    server: { fs: { allow: [root] } },
  },
  markdown: {
    // Braces in formulas are not attributes.
    attrs: { disable: true },
    anchor: { slugify },
    theme: { light: "github-light-high-contrast", dark: "github-dark-high-contrast" },
    config(md) {
      md.use(links);
      md.use(samples);
      md.use(components);
      // MathML, which browsers render without fonts or styles of ours. v-pre: Vue leaves it alone.
      // As `use` would call it: its types are of another build of markdown-it's.
      katex(md as never, {
        output: "mathml",
        // The shuffle sign has no command.
        strict: (code: string) => (code === "unknownSymbol" ? "ignore" : "warn"),
        // Long formulas scroll, which the keyboard does where it can have the focus.
        transformer: (html: string, isDisplay: boolean) =>
          html.replace(/^<(\w+)/, "<$1 v-pre").replace("<math ", isDisplay ? '<math tabindex="0" ' : "<math "),
      });
    },
  },
  themeConfig: {
    search: { provider: "local" },
    outline: [2, 3],
    nav: [
      page("Introduction", "introduction"),
      page("Guide", "guide"),
      page("Playground", "playground"),
      page("API", "api"),
    ],
    sidebar: [
      {
        text: "Start",
        items: [
          page("Introduction", "introduction"),
          page("Guide", "guide"),
          page("What a signature sees", "concepts"),
          page("Recipes", "recipes"),
          page("Playground", "playground"),
        ],
      },
      {
        text: "Data",
        items: [
          page("Containers and files", "containers"),
          page("Augmentations", "augmentations"),
          page("Streams and windows", "streams"),
          page("From recordings to features", "features"),
          page("Command line", "cli"),
          page("From Python", "python"),
        ],
      },
      {
        text: "Transforms",
        items: [
          page("Chosen words", "chosen-words"),
          page("Log-signatures", "log-signatures"),
          page("Tensor algebra", "algebra"),
          page("Signature kernels", "signature-kernels"),
          page("Training", "training"),
        ],
      },
      {
        text: "Running",
        items: [
          page("Engine", "engine"),
          page("Where a call runs", "dispatch"),
          page("Runtimes", "runtimes"),
          page("Performance", "performance"),
        ],
      },
      {
        text: "Examples",
        items: ["japanese-vowels", "train", "log-ode", "two-sample", "edge"].map((name) =>
          page(name, `example-${name}`),
        ),
      },
      {
        text: "Reference",
        items: [
          page("API", "api"),
          page("Errors", "errors"),
          page("Glossary", "glossary"),
          page("Changelog", "changelog"),
        ],
      },
      {
        text: "Mathematics and design",
        items: [
          page("Gradients", "gradients"),
          page("Pruned walk", "pruned-walk"),
          page("Architecture", "architecture"),
          page("Contributing", "contributing"),
          page("Security", "security"),
        ],
      },
    ],
  },
});
