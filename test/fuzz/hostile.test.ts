// The short form of the part "hostile" of the fuzz suite.

import { part } from "./hostile.ts";
import { testQuickly } from "./quick.ts";

testQuickly(part);
