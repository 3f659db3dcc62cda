// Calls at and beyond a device's limits on Dawn in Node. limits.ts has the calls;
// conformance.test.ts runs them on the other implementations.

import { afterAll, beforeAll, expect, test } from "vitest";
import { describeOn, openDawn } from "./implementations.ts";
import { LimitRunner, largeCases, limitCases } from "./limits.ts";

describeOn("dawn", "limits", () => {
  // Dawn's instance, which must be referenced as long as anything of it is used.
  let gpu: GPU;
  let runner: LimitRunner;
  beforeAll(async () => {
    gpu = (await openDawn())!;
    runner = new LimitRunner(await (await gpu.requestAdapter())!.requestDevice());
  });
  afterAll(() => runner?.close());

  test.each([...limitCases, ...largeCases])("$name", { timeout: 900_000 }, async (one) => {
    const { worst, where, error } = await runner.run(one);
    expect(error).toBeUndefined();
    expect(worst, where).toBeLessThanOrEqual(1);
  });
});
