// A short run of the part `rust` (test/fuzz/rust.ts).

import { testQuickly } from "./quick.ts";
import { part } from "./rust.ts";

testQuickly(part);
