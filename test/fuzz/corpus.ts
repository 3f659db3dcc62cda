// Past failures, each a named case (corpus/calls.ts).

import { missing } from "../gpu/implementations.ts";
import { callCorpus } from "./corpus/calls.ts";
import { type Failure, type Part, repeat } from "./part.ts";

const cases = Object.entries(callCorpus).filter(([name]) => !name.includes("device") || missing.dawn() === undefined);

export const part: Part = {
  name: "corpus",
  quick: cases.length,
  run: (bounds) =>
    repeat(bounds, async (seed) => {
      const failures: Failure[] = [];
      for (const [name, find] of cases) {
        const what = await find();
        const script = `import { callCorpus } from "./test/fuzz/corpus/calls.ts"; \
console.log(await callCorpus[${JSON.stringify(name)}]());`;
        if (what !== undefined) failures.push({ seed, what: `${name}: ${what}`, script });
      }
      return { cases: cases.length, failures };
    }),
};
