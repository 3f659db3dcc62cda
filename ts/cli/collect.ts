// Memory that DuckDB hands over: V8 does not see its size, and would leave hundreds of megabytes of
// it to a collection that is due when its own small objects fill the heap.

import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

type Collect = (options: { readonly type: "minor" | "major" }) => void;

let given: Collect | undefined;

function collect(type: "minor" | "major"): void {
  if (given === undefined) {
    setFlagsFromString("--expose-gc");
    given = runInNewContext("gc") as Collect;
    setFlagsFromString("--no-expose-gc");
  }
  given({ type });
}

/** Frees chunks that were read, which are young; takes about a millisecond. */
export const freeChunks = (): void => collect("minor");

/** Frees results of which all chunks were read; takes some milliseconds. */
export const freeResults = (): void => collect("major");
