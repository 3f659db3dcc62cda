// A short run of the part `rust` (test/fuzz/rust.ts).

import { quickRun } from "./quick.ts";
import { part } from "./rust.ts";

quickRun(part);
