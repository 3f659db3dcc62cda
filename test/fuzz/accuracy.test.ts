// A short run of the part `accuracy` (test/fuzz/accuracy.ts).

import { part } from "./accuracy.ts";
import { testQuickly } from "./quick.ts";

testQuickly(part);
