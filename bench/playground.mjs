// The playground in Chromium: how soon it shows something, and whether it keeps up with a drawing.
//
//   npm run docs && npm run bench -- playground [--seconds 3] [--visits 5] [--drawings 3]
//     [--cores 1,2]
//
// Chromium runs without a screen and a GPU: pixels are painted by processors, which is more work
// than in a window on most machines. With one core all of the browser's processes share it, the
// page's worker included.
//   paint     first contentful paint of visits with an empty cache, from a server on this machine
//   drawing   the pointer moves along a curve on the field; the intervals between frames, and the
//             processor time of the main thread and of the page's process in a frame. The best of
//             some drawings: other work on the machine takes frames away
//
// Writes bench/results/playground-MACHINE-DATE.json and a page beside it.

import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { relative } from "node:path";
import { parseArgs } from "node:util";
import { chromium } from "playwright-core";
import { browser } from "../scripts/lib/browsers.mjs";
import { build, siteFolder } from "../scripts/lib/site.mjs";
import { Site } from "../test/runtimes/browsers/site.ts";
import { canPin, root } from "./lib/machine.mjs";
import { openResult, table, verdict } from "./lib/results.mjs";
import { median } from "./lib/statistics.mjs";

/** Milliseconds between moves of the pointer, as of a mouse that reports 125 in a second. */
const moveMilliseconds = 8;

const sorted = (numbers) => [...numbers].sort((a, b) => a - b);
const quantile = (numbers, share) => sorted(numbers)[Math.min(numbers.length - 1, Math.floor(share * numbers.length))];

/** Chromium on the last of the cores; `undefined`: on all of them. */
async function launch(cores) {
  const { browser: executablePath } = browser("chromium");
  const all = availableParallelism();
  const pin = (range) => execFileSync("taskset", ["-acp", range, String(process.pid)], { stdio: "ignore" });
  // Processes inherit where they may run.
  if (cores < all) pin(cores === 1 ? String(all - 1) : `${all - cores}-${all - 1}`);
  try {
    return await chromium.launch({ executablePath, args: ["--no-sandbox", "--disable-dev-shm-usage"] });
  } finally {
    if (cores < all) pin(`0-${all - 1}`);
  }
}

const paintOf = `new Promise((done) => new PerformanceObserver((list) => {
  const paint = list.getEntriesByName("first-contentful-paint")[0];
  if (paint) done(paint.startTime);
}).observe({ type: "paint", buffered: true }))`;

/** Milliseconds to the first paint, and until the playground can be used. */
async function visit(instance, url) {
  const context = await instance.newContext();
  try {
    const page = await context.newPage();
    await page.goto(url);
    const paint = await page.evaluate(paintOf);
    await page.waitForFunction("document.querySelector('.pg')?.dataset.ready !== undefined", undefined, {
      polling: 10,
    });
    return { paint, ready: await page.evaluate("performance.now()") };
  } finally {
    await context.close();
  }
}

/** Counts frames and long tasks in the page until it is asked for them. */
const record = `(() => {
  const frames = [], long = [];
  const observer = new PerformanceObserver((list) => long.push(...list.getEntries().map((one) => one.duration)));
  observer.observe({ type: "longtask" });
  let isOn = true;
  const frame = (time) => { if (isOn) { frames.push(time); requestAnimationFrame(frame); } };
  requestAnimationFrame(frame);
  window.recorded = () => { isOn = false; observer.disconnect(); return { frames, long }; };
})()`;

async function draw(instance, url, seconds) {
  const context = await instance.newContext({ viewport: { width: 1280, height: 900 } });
  try {
    const page = await context.newPage();
    await page.goto(url);
    await page.waitForFunction("document.querySelector('.pg')?.dataset.kept === 'all'");
    const field = page.locator("#pg-panel-draw .pg-field");
    await field.scrollIntoViewIfNeeded();
    const { x, y, width, height } = await field.boundingBox();
    const at = (t) => [x + width * (0.5 + 0.4 * Math.sin(2.1 * t)), y + height * (0.5 + 0.4 * Math.sin(3.3 * t + 1))];
    const devtools = await context.newCDPSession(page);
    await devtools.send("Performance.enable", { timeDomain: "threadTicks" });
    const metrics = async () => {
      const { metrics: all } = await devtools.send("Performance.getMetrics");
      return Object.fromEntries(all.map(({ name, value }) => [name, value]));
    };
    await page.mouse.move(...at(0));
    await page.mouse.down();
    await page.evaluate(record);
    const before = await metrics();
    const begin = performance.now();
    const moves = [];
    for (let now = begin; now - begin < 1000 * seconds; now = performance.now()) {
      // A move is answered in the frame after it: a mouse does not wait for that.
      moves.push(page.mouse.move(...at((now - begin) / 1000)));
      const rest = begin + moves.length * moveMilliseconds - performance.now();
      await new Promise((done) => setTimeout(done, Math.max(0, rest)));
    }
    await Promise.all(moves);
    const after = await metrics();
    const { frames, long } = await page.evaluate("recorded()");
    await page.mouse.up();
    const intervals = frames.slice(1).map((time, i) => time - frames[i]);
    const inFrame = (name) => (1000 * (after[name] - before[name])) / frames.length;
    return {
      moves: moves.length,
      frames: frames.length,
      framesASecond: (1000 * intervals.length) / (frames.at(-1) - frames[0]),
      interval: { median: median(intervals), p95: quantile(intervals, 0.95), longest: Math.max(...intervals) },
      milliseconds: {
        main: inFrame("ThreadTime"),
        scripts: inFrame("ScriptDuration"),
        process: inFrame("ProcessTime"),
      },
      long,
    };
  } finally {
    await context.close();
  }
}

const ms = (x) => `${x.toFixed(1)} ms`;

function targets({ parts }) {
  const rows = Object.entries(parts).flatMap(([name, { paint, drawing }]) => {
    const [first, rate] = [median(paint.map((one) => one.paint)), drawing.framesASecond];
    return [
      verdict(`first contentful paint, ${name}`, "≤ 1 s", `${(first / 1000).toFixed(2)} s`, first <= 1000),
      // A frame more or less at the ends is none that was lost.
      verdict(`frames in a second of drawing, ${name}`, "60", rate.toFixed(1), rate >= 59),
    ];
  });
  return table(["what", "target", "measured", "met?"], rows);
}

function markdown(result) {
  const { machine, date, code, versions, parts } = result;
  const names = Object.keys(parts);
  const row = (what, of) => [what, ...names.map((name) => of(parts[name]))];
  const task = (name) => (part) => ms(part.drawing.milliseconds[name]);
  return `${[
    `# Bench of the playground: ${machine.name}, ${machine.cores} cores, ${date}`,
    `Chromium ${versions.chromium} without screen and GPU; commit ${code.commit}` +
      `${code.modified ? " with changes" : ""}; load before ${machine.loadBefore.toFixed(1)}. ` +
      "Written by `npm run bench -- playground`, whose first lines say what is measured.",
    "## Targets",
    targets(result),
    "## Figures",
    table(
      ["", ...names],
      [
        row("first contentful paint, median", ({ paint }) => ms(median(paint.map((one) => one.paint)))),
        row("the same, slowest visit", ({ paint }) => ms(Math.max(...paint.map((one) => one.paint)))),
        row("ready to draw, median", ({ paint }) => ms(median(paint.map((one) => one.ready)))),
        row("moves of the pointer", ({ drawing }) => String(drawing.moves)),
        row("frames a second", ({ drawing }) => drawing.framesASecond.toFixed(1)),
        row("interval, median", ({ drawing }) => ms(drawing.interval.median)),
        row("interval, 95 %", ({ drawing }) => ms(drawing.interval.p95)),
        row("interval, longest", ({ drawing }) => ms(drawing.interval.longest)),
        row("frames a second, all drawings", ({ all }) => all.map((rate) => rate.toFixed(1)).join(", ")),
        row("processor time in a frame, main thread", task("main")),
        row("– of it scripts", task("scripts")),
        row("– all threads of the page", task("process")),
        row("tasks longer than 50 ms", ({ drawing }) => String(drawing.long.length)),
      ],
    ),
  ].join("\n\n")}\n`;
}

/** @param {readonly string[]} args */
export async function runPlaygroundBench(args) {
  const { values } = parseArgs({
    args,
    options: {
      seconds: { type: "string", default: "3" },
      visits: { type: "string", default: "5" },
      drawings: { type: "string", default: "3" },
      cores: { type: "string" },
      quick: { type: "boolean", default: false },
    },
  });
  await build();
  const server = new Site(siteFolder);
  await server.open();
  const url = server.url("plain", "playground.html");
  const { file, result, save } = openResult("playground", values);
  const most = availableParallelism();
  const numbers = values.cores?.split(",").map(Number) ?? (canPin ? [1, most] : [most]);
  try {
    for (const cores of numbers) {
      const instance = await launch(cores);
      try {
        const paint = [];
        for (let i = 0; i < Number(values.visits); i++) paint.push(await visit(instance, url));
        const drawings = [];
        for (let i = 0; i < Number(values.drawings); i++)
          drawings.push(await draw(instance, url, Number(values.seconds)));
        const all = drawings.map(({ framesASecond }) => framesASecond);
        const drawing = drawings[all.indexOf(Math.max(...all))];
        result.parts[cores === 1 ? "one core" : `${cores} cores`] = { paint, drawing, all };
        result.versions = { chromium: instance.version(), node: process.versions.node };
        save();
      } finally {
        await instance.close();
      }
    }
  } finally {
    await server.close();
  }
  const page = file.replace(/\.json$/, ".md");
  writeFileSync(page, markdown(result));
  process.stdout.write(`\n${targets(result)}\n\n${[file, page].map((path) => relative(root, path)).join("\n")}\n`);
}
