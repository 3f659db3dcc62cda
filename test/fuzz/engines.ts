// Engines of every mode, for the parts of the fuzz suite.

import type { EngineOptions } from "../../ts/index.ts";

export const modes = ["shared", "transfer", "calling thread"] as const;
export type Mode = (typeof modes)[number];

/** Options of `createEngine` for a mode. */
export const optionsOf = (mode: Mode): EngineOptions => ({
  threads: 2,
  sharedMemory: mode === "shared",
  ...(mode === "calling thread" && {
    workerFactory: () => {
      throw new Error("no workers here");
    },
  }),
});
