// The short form of the part "differential" of the fuzz suite.

import { part } from "./differential.ts";
import { testQuickly } from "./quick.ts";

testQuickly(part);
