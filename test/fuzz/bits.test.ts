// A short run of the part `bits` (test/fuzz/bits.ts).

import { part } from "./bits.ts";
import { testQuickly } from "./quick.ts";

testQuickly(part);
