// A short run of the part `bits` (test/fuzz/bits.ts).

import { part } from "./bits.ts";
import { quickRun } from "./quick.ts";

quickRun(part);
