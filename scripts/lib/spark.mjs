// The environment of examples/spark: Java from Debian's packages; pyspark, the host in python/ and
// what else they need in target/spark; Spark's connector to Kafka, and a Kafka broker for tests, by
// Ivy, which comes with Spark.

import { execFile } from "node:child_process";
import { rmSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { filesUnder, fingerprint, once } from "./fingerprint.mjs";
import { exclusively } from "./lock.mjs";
import { optionalPackages } from "./optional-apt.mjs";
import { at } from "./project.mjs";
import * as host from "./python.mjs";
import { onPath } from "./rust.mjs";

const run = promisify(execFile);

const absent = () => (onPath("java") ? [] : ["default-jre-headless"]);

export const packages = optionalPackages("java", "Java, for tests", absent);

/** What is missing, in words; undefined if nothing is. */
export const missing = absent().length > 0 ? "java is missing" : host.missing;

/** Modules of Maven, for Ivy. The broker runs on its own: its libraries are not Spark's. */
const modules = {
  connector: ["org.apache.spark", "spark-sql-kafka-0-10_2.13", "4.2.0"],
  kafka: ["org.apache.kafka", "kafka_2.13", "4.1.1"],
};

/** Of the connector: all else that it needs is among Spark's own jars. */
const ownOfConnector = /^(spark-sql-kafka|spark-token-provider-kafka|kafka-clients|commons-pool2)/;

/**
 * Makes the environment, again when the pins or the host's sources change.
 *
 * @returns the interpreter, and the folders of jars
 */
export async function environment() {
  const folder = at("target", "spark");
  const python = host.pythonOf(folder);
  const stamp = join(folder, "made.txt");
  const jars = Object.fromEntries(Object.keys(modules).map((name) => [name, join(folder, "jars", name)]));
  // Its wheel.
  await host.environment();
  const sources = filesUnder("examples/spark/requirements.txt", "python/src", "python/pyproject.toml");
  const wanted = fingerprint([...sources, "dist/wasm/simd.wasm"], JSON.stringify(modules));
  return exclusively(at("target", "spark.lock"), async () => {
    await once(stamp, wanted, async () => {
      await host.makeVenv(folder);
      await host.pipOf(folder)("install", "-r", at("examples", "spark", "requirements.txt"), host.wheel());
      await Promise.all(Object.entries(modules).map(([name, module]) => retrieve(python, module, jars[name])));
      for (const file of filesUnder(`target/spark/jars/connector`))
        if (!ownOfConnector.test(file.split("/").at(-1))) rmSync(at(file));
    });
    return { python, jars };
  });
}

async function retrieve(python, module, to) {
  const { stdout } = await run(python, ["-c", "import pyspark; print(pyspark.__path__[0])"]);
  const ivy = ["-cp", join(stdout.trim(), "jars", "*"), "org.apache.ivy.Main", "-confs", "default"];
  const pattern = join(to, "[artifact]-[revision].[ext]");
  await run("java", [...ivy, "-dependency", ...module, "-retrieve", pattern], { maxBuffer: 2 ** 26 });
}
