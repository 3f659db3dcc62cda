// TensorFlow.js backends that need no GPU, for tests of ops. Tests dispose everything that they
// create, so that a leak of an adapter shows.

import * as tf from "@tensorflow/tfjs-core";
import "@tensorflow/tfjs-backend-cpu";
import "@tensorflow/tfjs-backend-wasm";
import { afterEach, beforeEach, describe, expect } from "vitest";

/** Describes the same tests on each backend. */
export function onEachBackend(tests: (backend: string) => void): void {
  describe.each(["cpu", "wasm"])("backend %s", (backend) => {
    let before: number;
    beforeEach(async () => {
      expect(await tf.setBackend(backend)).toBe(true);
      before = tf.memory().numTensors;
    });
    afterEach(() => {
      expect(tf.memory().numTensors).toBe(before);
    });
    tests(backend);
  });
}
