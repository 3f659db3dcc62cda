// Our two threads against pySigLib's two, in turn, on every row of the grid or of another list.

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { createEngine } from "../../dist/index.js";
import { allRows, rowName } from "../grid.mjs";
import { makePaths } from "../lib/paths.mjs";
import { median, summary } from "../lib/statistics.mjs";
import { makeVenv, python } from "../lib/venv.mjs";
import { Worker } from "../lib/worker.mjs";
import { seconds, warm } from "./timing.mjs";

const threads = 2;
const script = fileURLToPath(new URL("../workers/peers.py", import.meta.url));

export async function measurePeers({ progress, quick, list = quick ? allRows.slice(0, 2) : allRows }) {
  await makeVenv((line) => progress.note(line));
  const folder = mkdtempSync(join(tmpdir(), "path-signature-engine-"));
  const file = join(folder, "paths.f32");
  const peer = new Worker("pysiglib", [python, script, "pysiglib"], { PEER_THREADS: String(threads) }, { pin: false });
  const engine = await createEngine({ threads, idleTimeout: Number.POSITIVE_INFINITY });
  await warm(engine, threads);
  const rows = [];
  try {
    const { versions } = await peer.ask("hello");
    progress.begin("peers", list.length);
    for (const row of list) {
      progress.row(rowName(row));
      rows.push({ ...row, times: await compare(row, engine, peer, file, quick) });
      progress.step();
    }
    return { threads, versions, rows };
  } finally {
    await engine.close();
    await peer.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

async function compare(row, engine, peer, file, quick) {
  const { batch, points, channels, depth } = row;
  const data = makePaths("random walk", row, 1);
  writeFileSync(file, data);
  const paths = { data, shape: batch === 1 ? [points, channels] : [batch, points, channels] };
  const run = () => engine.signature(paths, { depth });
  await peer.ask("prepare", { key: "row", file, ...row });
  const { fastest: theirs } = await peer.ask("warm", { key: "row", seconds: quick ? 0.02 : 0.15 });
  let ours = Number.POSITIVE_INFINITY;
  for (let begin = performance.now(); performance.now() - begin < (quick ? 20 : 150); )
    ours = Math.min(ours, await seconds(run));
  const callsFor = (time) => Math.max(1, Math.ceil(0.003 / time));
  const samples = { ours: [], pysiglib: [] };
  let spent = 0;
  for (let round = 0; round < (quick ? 2 : 40) && (round < 5 || spent < 0.9); round++) {
    const calls = callsFor(ours);
    const mine = await seconds(async () => {
      for (let i = 0; i < calls; i++) await run();
    });
    samples.ours.push(mine / calls);
    const reply = await peer.ask("sample", { key: "row", calls: callsFor(theirs), before: 1 });
    samples.pysiglib.push(reply.seconds / callsFor(theirs));
    spent += mine + reply.seconds;
  }
  await peer.ask("forget", { key: "row" });
  return {
    ours: summary(samples.ours),
    pysiglib: summary(samples.pysiglib),
    ratioOfMedians: median(samples.pysiglib) / median(samples.ours),
  };
}
