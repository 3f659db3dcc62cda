// The example on Spark: a standalone cluster of a master and two workers, and a Kafka broker, on
// this machine (main.py). SCALE=long: more points and kills (npm run scale). Needs dist (npm run
// build).

import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { beforeAll, describe, expect, test } from "vitest";
import { environment, missing } from "../../../scripts/lib/spark.mjs";

const run = promisify(execFile);
const minutes = 60_000 * (process.env.SCALE === "long" ? 5 : 1);

describe.skipIf(missing !== undefined && !process.env.REQUIRE_SPARK)(`Spark${missing ? `: ${missing}` : ""}`, () => {
  let made: { python: string; jars: Record<string, string> };

  beforeAll(async () => {
    made = await environment();
  }, 20 * 60_000);

  // Once more if the cluster did not come up in time: it shares two cores with all that it kills.
  test("each id is there once, with the same bits, whoever is killed; bad rows are refused or kept apart", {
    timeout: 10 * minutes,
    retry: 1,
  }, async () => {
    const env = { ...process.env, CONNECTOR: made.jars.connector, KAFKA: made.jars.kafka };
    const { stdout } = await run(made.python, [join(import.meta.dirname, "main.py")], { env, maxBuffer: 2 ** 26 });
    const { ran, failures } = JSON.parse(stdout.trim().split("\n").at(-1) as string) as Record<string, number>;
    expect(failures, stdout).toBe(0);
    expect(ran).toBe(4);
  });
});
