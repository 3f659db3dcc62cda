// Against the peers: every row of the grid, one thread, one core, all contestants in turn. Ours is
// the public call with everything that a caller pays for.

import { allRows, rowName } from "../grid.mjs";
import { timePeak } from "./roofline.mjs";

/** Contestants from Python. The form of Keras Sig's paper runs on the rows of its paper. */
export const peerNames = ["pysiglib", "iisignature", "keras_sig", "keras_sig_parallel", "signax"];

export async function measurePeers(bench) {
  const rows = (bench.quick ? allRows.filter((row) => row.points <= 1000) : allRows).filter(bench.rows);
  const peers = peerNames.filter((name) => bench.peers.includes(name));
  const horner = await bench.choosesAlgorithm();
  bench.progress.begin("peers", rows.length);
  const measured = [];
  for (const row of rows) {
    bench.progress.row(rowName(row));
    measured.push(await measureRow(bench, row, peers, horner));
    bench.progress.step();
  }
  return { rows: measured };
}

async function measureRow(bench, row, peers, horner) {
  const input = bench.input(row);
  const references = bench.reference(row, input.data);
  const request = { ...row, ...input };
  // Single paths are written into the same array every time, as a caller does who counts
  // microseconds.
  const ours = { ...request, subject: "api", out: row.batch === 1 };
  const contestants = [await bench.prepare("relaxed", "relaxed", ours), await bench.prepare("simd", "simd", ours)];
  if (horner) contestants.push(await bench.prepare("relaxed horner", "relaxed", { ...ours, algorithm: "horner" }));
  const errors = {};
  for (const one of contestants) errors[one.label] = await bench.check(one, row, references);

  const failed = {};
  for (const name of peers) {
    if (name === "keras_sig_parallel" && row.group !== "Keras Sig protocol") continue;
    try {
      const peer = await bench.prepare(name, name, request);
      errors[name] = await bench.check(peer, row, references);
      contestants.push(peer);
    } catch (error) {
      // A row that a peer cannot do is noted in the result; the others continue.
      failed[name] = error.message;
      await bench.restart(name);
    }
  }
  contestants.push(
    await bench.prepare("copy", "relaxed", { ...request, subject: "copy" }),
    await timePeak(bench, "relaxed"),
  );
  const times = await bench.time(contestants);
  return { ...row, times, errors, ...(Object.keys(failed).length && { failed }) };
}
