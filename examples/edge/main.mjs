// Starts the service in a clone of the repository: `npm run edge -- [PORT] [HOST]`. It links the
// library that was just built to where an installed one would be; then serve.ts, and wrangler, run
// as in a copy of this folder.

import { existsSync, mkdirSync, rmSync, symlinkSync } from "node:fs";
import { join } from "node:path";

const modules = join(import.meta.dirname, "node_modules");
const link = join(modules, "path-signature");
if (!existsSync(link)) {
  mkdirSync(modules, { recursive: true });
  rmSync(link, { force: true });
  // A junction is Windows' link to a folder that needs no permission.
  symlinkSync(join(import.meta.dirname, "..", ".."), link, "junction");
}

await import("./serve.ts");
