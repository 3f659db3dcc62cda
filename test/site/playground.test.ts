// The playground in Chromium and Firefox: draw, toggle, drag, teach, load, share, by pointer and by
// keyboard. Numbers on the screen are compared with calls of the library here.

import { execFile } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { gzipSync } from "node:zlib";
import { signature } from "path-signature";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { augmentOf } from "../../site/playground/augment.ts";
import { exampleRecording } from "../../site/playground/example-recording.ts";
import { decode, drawingOf, type State } from "../../site/playground/state.ts";
import { short } from "../../site/playground/words.ts";
import { startChromium } from "../runtimes/browsers/chromium.ts";
import { missing, requireHost } from "../runtimes/hosts.ts";
import { type Built, buildMs, builtSite } from "./built.ts";
import { chromiumTab, type Spot, type Tab, tabs } from "./tab.ts";

const root = join(import.meta.dirname, "..", "..");

let site: Built;
beforeAll(async () => {
  site = await builtSite();
}, buildMs);
afterAll(() => site?.close());

/** What a person does with the page. */
class Visitor {
  readonly tab: Tab;

  constructor(tab: Tab) {
    this.tab = tab;
  }

  async open(hash = ""): Promise<void> {
    await this.tab.goto(site.url(`playground.html${hash}`));
    await this.see("document.querySelector('.pg')?.dataset.ready !== undefined");
  }

  /** Waits for an expression to be true. */
  see(expression: string): Promise<void> {
    return expect
      .poll(() => this.tab.value(`Boolean(${expression})`), { timeout: 20_000, message: expression })
      .toBe(true);
  }

  text(selector: string): Promise<string> {
    return this.tab.value(`document.querySelector(${JSON.stringify(selector)})?.textContent ?? ""`);
  }

  async says(selector: string, pattern: RegExp): Promise<void> {
    await expect.poll(() => this.text(selector), { timeout: 20_000 }).toMatch(pattern);
  }

  /** An element as an expression: by a selector, and perhaps the text in it. */
  static element(selector: string, text = ""): string {
    const all = `[...document.querySelectorAll(${JSON.stringify(selector)})]`;
    return `${all}.find((one) => one.textContent.includes(${JSON.stringify(text)}))`;
  }

  /** A place on an element that has stopped moving: late answers may shift what is below them. */
  async #spot(element: string, x = 0.5, y = 0.5): Promise<Spot> {
    const measure = () =>
      this.tab.value<number[]>(
        `(() => { const one = ${element}; one.scrollIntoView({ block: "center", behavior: "instant" });
          const { left, top, width, height } = one.getBoundingClientRect(); return [left, top, width, height]; })()`,
      );
    let box = await measure();
    for (let still = 0; still < 6; ) {
      await new Promise((resolve) => setTimeout(resolve, 50));
      const next = await measure();
      still = next.every((number, i) => number === box[i]) ? still + 1 : 0;
      box = next;
    }
    const [left, top, width, height] = box;
    return [(left as number) + x * (width as number), (top as number) + y * (height as number)];
  }

  async click(selector: string, text = "", x = 0.5, y = 0.5): Promise<void> {
    await this.tab.drag([await this.#spot(Visitor.element(selector, text), x, y)]);
  }

  /** Draws on the field of a part; coordinates are the field's, y upwards. */
  async draw(part: State["tab"], points: readonly Spot[]): Promise<void> {
    const field = Visitor.element(`#pg-panel-${part} .pg-field`);
    const [left, top] = await this.#spot(field, 0, 0);
    const [right, bottom] = await this.#spot(field, 1, 1);
    await this.tab.drag(points.map(([x, y]) => [left + x * (right - left), bottom + y * (top - bottom)]));
  }

  /** The state in the URL, when it holds what `wanted` says. */
  async state(wanted: (state: State) => boolean = () => true): Promise<State> {
    let state: State | undefined;
    await expect
      .poll(
        async () => {
          state = decode(await this.tab.value<string>("location.hash"));
          return state !== undefined && wanted(state);
        },
        { timeout: 20_000 },
      )
      .toBe(true);
    return state as State;
  }

  /** The largest coefficients that the page names, as "x y: 0.123". */
  largest(): Promise<string[]> {
    return this.tab.value("[...document.querySelectorAll('.pg-largest button')].map((one) => one.textContent)");
  }
}

/** The same list, computed here. */
function expected({ points, toggles, depth }: State): string[] {
  const { points: data, times } = drawingOf(points);
  const augment = augmentOf(toggles, times);
  const s = signature({ data, shape: [data.length / 2, 2] }, { depth, augment });
  const names = s.labels().map((label) =>
    label
      .split(".")
      .map((letter) => letter.replace(/^0/, "x").replace(/^1/, "y"))
      .join(" "),
  );
  return names
    .map((name, i) => ({ name, value: s.data[i] as number }))
    .sort((a, b) => Math.abs(b.value) - Math.abs(a.value))
    .slice(0, 8)
    .map(({ name, value }) => `${name}: ${short(value)}`);
}

const wave: readonly Spot[] = Array.from({ length: 24 }, (_, i) => [0.1 + i / 30, 0.5 + 0.3 * Math.sin(i / 4)]);

const circle = (turn: number): Spot[] =>
  Array.from({ length: 24 }, (_, i) => [0.5 + 0.3 * Math.cos(i / 4 + turn), 0.5 + 0.3 * Math.sin(i / 4 + turn)]);
const corner = (size: number): Spot[] =>
  Array.from({ length: 20 }, (_, i) =>
    i < 10 ? [0.3, 0.8 - (size * i) / 10] : [0.3 + (size * (i - 10)) / 10, 0.8 - size],
  );

// Once more where a page under load moved between a look and a click: people click again, too.
const again = { retry: 1 };

describe.each(["chromium", "firefox"] as const)("%s", again, (name) => {
  let visitor: Visitor;
  beforeAll(async () => {
    if (missing(name) !== undefined) return;
    visitor = new Visitor(await tabs[name]());
    await visitor.tab.resize(1280, 1000);
  });
  afterAll(() => visitor?.tab.close());

  it("draws, toggles, drags, and shows gradients", { timeout: 120_000 }, async ({ skip }) => {
    requireHost(name, skip);
    await visitor.open();
    await visitor.draw("draw", wave);
    let state = await visitor.state(
      ({ points }) => Math.abs((points.at(-1)?.x ?? 0) - (wave.at(-1) as Spot)[0]) < 0.02,
    );
    await expect.poll(() => visitor.largest(), { timeout: 20_000 }).toEqual(expected(state));

    // Without time a signature does not see speed.
    await visitor.click(".pg-button", "Same way, other speed");
    await visitor.says(".pg-change", /Level 1: 0\.0 %.*Level 2: 0\.0 %.*Level 3: 0\.0 %/);
    await visitor.click(".pg-check", "Time");
    await visitor.says(".pg-change", /Level 2: (?!0\.0)[\d.]+ %/);
    await visitor.click(".pg-check", "Lead-lag");
    await visitor.click(".pg-check", "Basepoint");
    await visitor.click(".pg-check", "Invisibility reset");
    await visitor.says("#pg-panel-draw .pg-status", /7 channels \(x·lead, .*visible\)/);
    await visitor.click(".pg-choice label", "2");
    state = await visitor.state(({ depth, toggles }) => depth === 2 && toggles.invisibilityReset);
    expect(state.toggles).toEqual({ time: true, leadLag: true, basepoint: true, invisibilityReset: true });

    for (const text of ["Lead-lag", "Basepoint", "Invisibility reset", "Time"]) await visitor.click(".pg-check", text);
    await visitor.says("#pg-panel-draw .pg-status", /2 channels/);

    // A cell of level 2: the word (x, y). Its gradient is drawn in a colour of its own.
    const violet = `(() => { const canvas = document.querySelector("#pg-panel-draw .pg-field");
      const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
      let count = 0;
      for (let i = 0; i < data.length; i += 4)
        if (Math.abs(data[i] - 124) + Math.abs(data[i + 1] - 58) + Math.abs(data[i + 2] - 237) < 20) count++;
      return count; })()`;
    expect(await visitor.tab.value(violet)).toBe(0);
    await visitor.click(".pg-level-2 canvas", "", 0.8, 0.25);
    await visitor.says("#pg-word-note", /gradient of x y\./);
    await visitor.see(`${violet} > 50`);

    await visitor.click(".pg-choice label", "Move points");
    state = await visitor.state(({ word }) => word?.join() === "0,1");
    const [first] = state.points as [State["points"][number]];
    await visitor.draw("draw", [
      [first.x, first.y],
      [first.x + 0.1, first.y + 0.05],
      [first.x + 0.2, first.y + 0.1],
    ]);
    const moved = await visitor.state(({ points }) => Math.abs((points[0]?.x ?? 0) - first.x - 0.2) < 0.02);
    expect(moved.points.slice(1)).toEqual(state.points.slice(1));
    await expect.poll(() => visitor.largest(), { timeout: 20_000 }).toEqual(expected(moved));
    await visitor.tab.picture("draw-light");
    await visitor.click(".VPNavBarAppearance button, .VPSwitchAppearance");
    await visitor.see("document.documentElement.classList.contains('dark')");
    await visitor.tab.value("new Promise((done) => setTimeout(done, 500))");
    await visitor.tab.picture("draw-dark");
    await visitor.click(".VPNavBarAppearance button, .VPSwitchAppearance");

    // A link gives the same picture.
    const hash = await visitor.tab.value<string>("location.hash");
    const seen = await visitor.largest();
    await visitor.open(hash);
    await expect.poll(() => visitor.largest(), { timeout: 20_000 }).toEqual(seen);
    expect(decode(await visitor.tab.value<string>("location.hash"))).toEqual(moved);
  });

  it("is used by the keyboard alone", async ({ skip }) => {
    requireHost(name, skip);
    await visitor.open();
    const { points } = await visitor.state();
    await visitor.tab.value("document.querySelector('#pg-panel-draw .pg-field').focus()");
    await visitor.tab.press("a");
    await visitor.tab.press("ArrowUp");
    const above = (points.at(-1)?.y ?? 0) + 0.01;
    await visitor.state(
      (state) => state.points.length === points.length + 1 && Math.abs((state.points.at(-1)?.y ?? 0) - above) < 1e-6,
    );
    await visitor.tab.press("Delete");
    expect((await visitor.state((state) => state.points.length === points.length)).points).toEqual(points);
    await visitor.tab.value("document.querySelector('.pg-level-2 canvas').focus()");
    await visitor.tab.press("ArrowRight");
    await visitor.says(".pg-level-2 .pg-readout", /^x x: /);
    await visitor.tab.press("ArrowDown");
    await visitor.says(".pg-level-2 .pg-readout", /^y x: /);
    await visitor.tab.press("Enter");
    await visitor.says("#pg-word-note", /gradient of y x\./);
    await visitor.tab.value("document.querySelector('#pg-tab-draw').focus()");
    await visitor.tab.press("ArrowRight");
    await visitor.see("document.querySelector('#pg-panel-teach').hidden === false");
    expect(await visitor.tab.value("document.activeElement.id")).toBe("pg-tab-teach");
  });

  it("learns gestures and guesses", { timeout: 120_000 }, async ({ skip }) => {
    requireHost(name, skip);
    await visitor.open();
    await visitor.click("[role=tab]", "Teach gestures");
    await visitor.click("#pg-panel-teach label", "A (");
    for (const [i, turn] of [0, 0.2, 0.4].entries()) {
      await visitor.draw("teach", circle(turn));
      await visitor.says("#pg-panel-teach .pg-choice", new RegExp(`A \\(${i + 1}\\)`));
    }
    await visitor.click("#pg-panel-teach label", "B (");
    for (const [i, size] of [0.3, 0.4, 0.5].entries()) {
      await visitor.draw("teach", corner(size));
      await visitor.says("#pg-panel-teach .pg-choice", new RegExp(`B \\(${i + 1}\\)`));
    }
    await visitor.says("#pg-panel-teach .pg-status", /6 of 6 drawings are guessed right/);
    await visitor.click("#pg-panel-teach label", "Guess");
    await visitor.draw("teach", corner(0.45));
    await visitor.says(".pg-guess", /Guess: B/);
    await visitor.draw("teach", circle(0.3));
    await visitor.says(".pg-guess", /Guess: A/);
    await visitor.tab.picture("teach-light");
    // What was taught is in the link.
    const { gestures } = await visitor.state();
    expect(gestures.map(({ drawings }) => drawings.length)).toEqual([3, 3, 0]);
    await visitor.open(await visitor.tab.value<string>("location.hash"));
    await visitor.says("#pg-panel-teach .pg-status", /6 of 6/);
  });

  it("loads recordings and compares them", { timeout: 120_000 }, async ({ skip }) => {
    requireHost(name, skip);
    await visitor.open();
    await visitor.click("[role=tab]", "A recording");
    const drop = (place: number, text: string) =>
      visitor.tab.value(`(() => { const data = new DataTransfer();
        data.items.add(new File([${JSON.stringify(text)}], "walk ${place}.csv", { type: "text/csv" }));
        const event = new DragEvent("drop", { dataTransfer: data, bubbles: true });
        document.querySelectorAll(".pg-drop")[${place}].dispatchEvent(event); })()`);
    await drop(0, exampleRecording(600));
    await visitor.says("#pg-panel-recording .pg-status", /walk 0\.csv: 600 rows\. 12 words of 68 windows/);
    await visitor.says("#pg-panel-recording .pg-note", /columns: of its second half\./);
    await visitor.click("#pg-panel-recording .pg-check", "drift");
    await visitor.says("#pg-panel-recording .pg-status", /6 words of 68 windows/);
    await visitor.tab.picture("recording-light");
    // A recording and itself: windows at the same place are equal.
    await drop(1, exampleRecording(600));
    await visitor.says("#pg-panel-recording .pg-note", /columns: of walk 1\.csv\./);
    await visitor.tab.value("document.querySelector('.pg-gram canvas').focus()");
    await visitor.tab.press("ArrowRight");
    await visitor.says(".pg-gram .pg-readout", /: 1\.00$/);
    await drop(0, "no,numbers\na,b\n");
    await visitor.says("#pg-panel-recording .pg-status", /has no columns of numbers/);
  });
});

describe("in chromium alone", again, () => {
  it("gives code that runs and prints what is on the screen", { timeout: 120_000 }, async ({ skip }) => {
    requireHost("chromium", skip);
    const visitor = new Visitor(await tabs.chromium());
    const folder = join(root, "target", "test", "site");
    mkdirSync(folder, { recursive: true });
    const run = async (file: string) => {
      const code = await visitor.tab.value<string>("document.querySelector('.pg-code textarea').value");
      writeFileSync(join(folder, file), code);
      const node = join(root, "node_modules", "node", "bin", "node");
      return (await promisify(execFile)(node, ["--no-warnings", file], { cwd: folder })).stdout;
    };
    try {
      await visitor.open();
      await visitor.click(".pg-check", "Time");
      await visitor.click(".pg-level-2 canvas", "", 0.55, 0.1);
      await visitor.says("#pg-word-note", /gradient of x y\./);
      await visitor.click(".pg-button", "Copy as code");
      const { points, word } = await visitor.state(({ word }) => word?.length === 2);
      expect(word).toEqual([0, 1]);
      const stated = signature(
        points.map(({ x, y, t }) => [x, y, t]),
        { depth: 2 },
      ).at([0, 1]);
      const printed = await run("drawing.mts");
      expect(Number(/coefficient of \[0, 1\]: (\S+)/.exec(printed)?.[1])).toBeCloseTo(Number(stated), 12);
      expect(printed).toContain("gradient:");

      await visitor.click("[role=tab]", "A recording");
      await visitor.click(".pg-button", "Load an example");
      await visitor.says("#pg-panel-recording .pg-status", /1200 rows/);
      await visitor.click(".pg-button", "Copy as code");
      writeFileSync(join(folder, "recording.csv"), exampleRecording());
      expect(await run("recording.mts")).toContain("[ 143, 12 ]");

      await visitor.click("[role=tab]", "Teach gestures");
      await visitor.click("#pg-panel-teach label", "A (");
      await visitor.draw("teach", circle(0));
      await visitor.says("#pg-panel-teach .pg-choice", /A \(1\)/);
      await visitor.click(".pg-button", "Copy as code");
      expect(await run("gestures.mts")).toContain("A [ 1, 30 ]");
    } finally {
      await visitor.tab.close();
    }
  });

  it("transfers at most 400 kB, then works without a network, and on a phone", { timeout: 120_000 }, async ({
    skip,
  }) => {
    requireHost("chromium", skip);
    const browser = await startChromium();
    const { page } = browser;
    const visitor = new Visitor(chromiumTab(browser));
    try {
      const files = new Set<string>();
      page.on("request", (request) => files.add(request.url()));
      await visitor.tab.resize(360, 740);
      await visitor.open();
      const transferred = () => {
        const names = [...files].map((url) => new URL(url).pathname.replace("/plain/", ""));
        return names.reduce((sum, name) => sum + gzipSync(readFileSync(join(site.folder, name))).length, 0);
      };
      expect(transferred()).toBeLessThanOrEqual(400_000);
      await visitor.see("document.querySelector('.pg').dataset.loaded === 'all'");
      console.log(`transferred: ${transferred()} bytes with all that is loaded late`);
      await page.context().setOffline(true);

      const axe = readFileSync(join(root, "site", "node_modules", "axe-core", "axe.min.js"), "utf8");
      await page.evaluate(axe);
      for (const tab of ["Draw a path", "Teach gestures", "A recording"]) {
        await visitor.click("[role=tab]", tab);
        if (tab === "A recording") {
          await visitor.click(".pg-button", "Load an example");
          await visitor.says("#pg-panel-recording .pg-note", /Normalised signature kernels/);
        }
        expect(await visitor.tab.value("document.documentElement.scrollWidth")).toBe(360);
        for (const colorScheme of ["light", "dark"] as const) {
          await page.emulateMedia({ colorScheme });
          const { violations } = await visitor.tab.value<{ violations: { id: string; impact: string }[] }>("axe.run()");
          expect(
            violations.filter(({ impact }) => ["serious", "critical"].includes(impact)).map(({ id }) => id),
          ).toEqual([]);
          await visitor.tab.picture(`phone-${tab.split(" ").at(-1)}-${colorScheme}`);
        }
      }
    } finally {
      await browser.close();
    }
  });

  it("can be visited again without a network", { timeout: 120_000 }, async ({ skip }) => {
    requireHost("chromium", skip);
    const browser = await startChromium();
    const { page } = browser;
    const visitor = new Visitor(chromiumTab(browser));
    try {
      await visitor.open();
      await visitor.see("document.querySelector('.pg').dataset.kept === 'all'");
      await page.context().setOffline(true);
      // The network is gone: a page that was not kept cannot be had. Asked by `fetch`, since the
      // browser's own page of a failed navigation may arrive late and interrupt the next one.
      const other = `fetch(${JSON.stringify(site.url("guide.html"))}).then(() => "here", () => "gone")`;
      expect(await page.evaluate(other)).toBe("gone");
      await visitor.open();
      await visitor.draw("draw", [
        [0.2, 0.2],
        [0.8, 0.2],
        [0.8, 0.8],
      ] as const);
      await visitor.says("#pg-panel-draw .pg-status", /\w/);
      await visitor.click("[role=tab]", "A recording");
      await visitor.click(".pg-button", "Load an example");
      await visitor.says("#pg-panel-recording .pg-note", /Normalised signature kernels/);
    } finally {
      await browser.close();
    }
  });

  it("saves a picture", async ({ skip }) => {
    requireHost("chromium", skip);
    const browser = await startChromium();
    const visitor = new Visitor(chromiumTab(browser));
    try {
      await visitor.open();
      await visitor.says("#pg-panel-draw .pg-status", /33 points/);
      const download = browser.page.waitForEvent("download");
      await visitor.click(".pg-button", "Save picture");
      const file = join(root, "target", "test", "site", "saved.png");
      await (await download).saveAs(file);
      const png = readFileSync(file);
      expect(png.subarray(1, 4).toString()).toBe("PNG");
      expect(png.readUInt32BE(16)).toBeGreaterThan(1000);
    } finally {
      await browser.close();
    }
  });

  it("opens with the example where a link is broken", async ({ skip }) => {
    requireHost("chromium", skip);
    const visitor = new Visitor(await tabs.chromium());
    try {
      for (const hash of ["#p=AQ", "#p=____", "#p=AQEDAACIJ", "#other"]) {
        await visitor.open(hash);
        await visitor.says("#pg-panel-draw .pg-status", /33 points, 2 channels/);
      }
    } finally {
      await visitor.tab.close();
    }
  });
});
