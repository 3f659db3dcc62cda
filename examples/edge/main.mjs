// Starts the service in a clone of the repository: `npm run edge -- [PORT] [HOST]`. It links the
// library that was just built; then serve.ts, and wrangler, run as in a copy of this folder.

import { linkLibrary } from "../link.mjs";

linkLibrary(import.meta.dirname);
await import("./serve.ts");
