// Size budgets, checked by size-limit in test/packaging/size.test.ts: what a page downloads,
// bundled, minified and compressed by gzip. `npm run size` measures them and writes the table in
// the README.

import { budgets } from "./scripts/lib/budgets.mjs";

export default budgets.map(({ buys, ...budget }) => budget);
