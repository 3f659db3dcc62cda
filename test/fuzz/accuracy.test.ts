// A short run of the part `accuracy` (test/fuzz/accuracy.ts). Always the same cases: its bounds are
// those of observed errors.

import { part } from "./accuracy.ts";
import { testQuickly } from "./quick.ts";

testQuickly(part, 1);
