// The short form of the part "faults" of the fuzz suite.

import { part } from "./faults.ts";
import { testQuickly } from "./quick.ts";

testQuickly(part);
