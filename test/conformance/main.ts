// Runs every case of the table on the current runtime, with the binary that it selects by itself,
// and prints as JSON the variant and the bits of every result. Bundled and started by
// cases.test.ts; judges nothing.

import { info, type Paths, signature } from "../../ts/index.ts";
import { callOf, cases, material } from "../cases.ts";
import { digest } from "../judge.ts";

const digests: Record<string, string> = {};
for (const one of cases) {
  const { paths, options } = callOf(one, material(one));
  digests[one.name] = digest(signature(paths as Paths, options as { depth: number }).data);
}
console.log(JSON.stringify({ node: process.version, variant: info().variant, digests }));
