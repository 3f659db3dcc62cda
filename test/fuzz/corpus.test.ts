// The past failures of the fuzz suite (test/fuzz/corpus).

import { part } from "./corpus.ts";
import { testQuickly } from "./quick.ts";

testQuickly(part);
