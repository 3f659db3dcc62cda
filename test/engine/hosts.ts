// Engines with each kind of executor, for tests of a family's functions.

import type { EngineOptions } from "../../ts/index.ts";

export const hosts: { name: string; options: EngineOptions; mode: string }[] = [
  { name: "one thread", options: { threads: 1 }, mode: "shared" },
  { name: "three threads", options: { threads: 3 }, mode: "shared" },
  { name: "three threads, transfers", options: { threads: 3, sharedMemory: false }, mode: "transfer" },
  {
    name: "no workers",
    options: {
      workerFactory: () => {
        throw new Error("none");
      },
    },
    mode: "calling thread",
  },
];
