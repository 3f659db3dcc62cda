// Starts the example in a clone of the repository: `npm run queue -- COMMAND …`. It links the
// library that was just built; then src/main.ts runs as in a copy of this folder.

import { linkLibrary } from "../link.mjs";

linkLibrary(import.meta.dirname);
const { main } = await import("./src/main.ts");
process.exitCode = await main(process.argv.slice(2));
