// The short form of the edge service's fuzzing. Needs dist (npm run build). Longer, or again with a
// seed: `npm run fuzz -- edge --seconds N --seed S`.

import { expect, it } from "vitest";
import { part } from "./edge.ts";
import { countOf } from "./quick.ts";

const count = countOf(part);

it(`the edge service stands ${count} hostile requests`, { timeout: 600_000 }, async () => {
  const seed = Math.floor(Math.random() * 2 ** 31);
  console.log(`edge: seed ${seed}`);
  const { cases, failures } = await part.run({ seed, cases: count, log: () => undefined });
  for (const { what, script } of failures) console.log(`${what}\n\n${script}`);
  expect(failures.map(({ what }) => what)).toEqual([]);
  expect(cases).toBeGreaterThanOrEqual(count);
});
