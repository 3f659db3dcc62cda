// Sizes that a change may not exceed, checked by size-limit in test/packaging/size.test.ts: what a
// page pays, bundled, minified and compressed by gzip. `npm run size` measures, and writes the
// table in the README.

import { budgets } from "./scripts/lib/budgets.mjs";

export default budgets.map(({ buys, ...budget }) => budget);
