// The site can be served from any folder of any host. VitePress wants to know the folder when it
// builds, so it is given a placeholder, which `makeRelative` replaces in what was built: by `./` in
// pages, all of which lie in one folder, and by what a script in their head finds out in scripts.

import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { extname, join } from "node:path";

/** The placeholder of the site's folder. */
export const base = "/folder-of-this-site/";

/** The folder of the page. Scripts and workers that need it come after this one. */
const finder = `<script>globalThis.siteBase=new URL(".",location.href).pathname</script>`;

function html(text: string): string {
  return text
    .replace("<head>", `<head>${finder}`)
    .replace("</head>", "</head>")
    .replace(
      /(window\.__VP_SITE_DATA__=JSON\.parse\([^\n]*?\));/,
      "$1;window.__VP_SITE_DATA__.base=globalThis.siteBase;",
    )
    .replaceAll(base, "./");
}

function script(text: string): string {
  return (
    text
      // A string that is the folder itself.
      .replaceAll(new RegExp(`(["'\`])${base}\\1`, "g"), "globalThis.siteBase")
      // In the HTML of pages.
      .replaceAll(base, "./")
  );
}

const kinds: Readonly<Record<string, (text: string) => string>> = { ".html": html, ".js": script, ".css": script };

/** Rewrites what was built into a folder. */
export function makeRelative(folder: string): void {
  for (const name of readdirSync(folder, { recursive: true, encoding: "utf8" })) {
    const rewrite = kinds[extname(name)];
    if (rewrite === undefined) continue;
    const file = join(folder, name);
    const text = readFileSync(file, "utf8");
    const rewritten = rewrite(text);
    if (rewritten !== text) writeFileSync(file, rewritten);
  }
}
