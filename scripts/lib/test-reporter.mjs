// Prints the results of vitest for `npm test`: a line per file, then failures in full, then totals.
// Programs under test (browsers, drivers) write to stderr, which test.mjs redirects to a file.
// Totals, and the counts of each file with a failure, are written to the file that TEST_COUNTS
// names.

import { writeFileSync } from "node:fs";
import { DefaultReporter } from "vitest/node";

const seconds = (ms) => (ms < 9_950 ? `${(ms / 1000).toFixed(1)} s` : `${Math.round(ms / 1000)} s`);
const counted = (count, word) => (count > 0 ? [`${count} ${word}`] : []);

export default class extends DefaultReporter {
  #files = 0;
  #finished = 0;
  #total = { passed: 0, failed: 0, skipped: 0 };
  #failures = {};

  constructor() {
    super({ summary: false, silent: "passed-only" });
  }

  onInit(vitest) {
    this.ctx = vitest;
    vitest.logger.error = (...words) => vitest.logger.log(...words);
  }

  onTestRunStart(specifications) {
    super.onTestRunStart(specifications);
    this.#files = specifications.length;
  }

  printTestModule(file) {
    const counts = { passed: 0, failed: 0, skipped: 0, pending: 0 };
    const reasons = new Set();
    for (const test of file.children.allTests()) {
      const { state, note } = test.result();
      counts[state]++;
      if (state === "skipped") reasons.add(note ?? (test.parent.type === "suite" ? test.parent.name : test.name));
    }
    const isFailed = file.state() === "failed";
    // A file that could not be loaded has no tests, but is a failure.
    const failed = isFailed ? Math.max(1, counts.failed) : 0;
    const skipped = counts.skipped + counts.pending;
    this.#total.passed += counts.passed;
    this.#total.failed += failed;
    this.#total.skipped += skipped;
    if (isFailed) this.#failures[file.relativeModuleId] = { passed: counts.passed, failed, skipped };
    const { environmentSetupDuration, prepareDuration, collectDuration, setupDuration, duration } = file.diagnostic();
    const whole = environmentSetupDuration + prepareDuration + collectDuration + setupDuration + duration;
    const told = [`${counts.passed} passed`, ...counted(failed, "failed"), ...counted(skipped, "skipped")];
    const place = `[${++this.#finished}/${this.#files}]`;
    this.log(`${isFailed ? "✗" : "✓"} ${place} ${file.relativeModuleId}: ${told.join(", ")} (${seconds(whole)})`);
    for (const reason of reasons) this.log(`    skipped: ${reason}`);
  }

  /** Failures are printed before; test.mjs adds up the totals of all parts. */
  reportTestSummary() {
    const counts = { ...this.#total, failures: this.#failures };
    if (process.env.TEST_COUNTS) writeFileSync(process.env.TEST_COUNTS, JSON.stringify(counts));
  }
}
