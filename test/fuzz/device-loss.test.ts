// The short form of the part "device-loss" of the fuzz suite, where there is a WebGPU adapter.

import { describeOn } from "../gpu/implementations.ts";
import { part } from "./device-loss.ts";
import { testQuickly } from "./quick.ts";

describeOn("dawn", "devices that are lost", () => testQuickly(part));
