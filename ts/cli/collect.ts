// Memory that DuckDB hands over chunk by chunk: V8 does not see its size, and would leave hundreds
// of megabytes of it to a collection that is due when its own small objects fill the heap.

import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

let collect: ((options: { readonly type: "minor" }) => void) | undefined;

/** Frees chunks that were read, which are young; takes about a millisecond. */
export function freeChunks(): void {
  if (collect === undefined) {
    setFlagsFromString("--expose-gc");
    collect = runInNewContext("gc") as typeof collect;
    setFlagsFromString("--no-expose-gc");
  }
  collect?.({ type: "minor" });
}
