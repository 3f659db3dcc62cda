// The demo as a user starts it, as a separate process on the built package: its result on Japanese
// Vowels, the files it writes, and its errors for a bad file. Needs dist (npm run build).

import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { DuckDBInstance } from "@duckdb/node-api";
import { parseHTML } from "linkedom";
import { chromium } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { browser } from "../../scripts/lib/browsers.mjs";
import { requireHost } from "../../test/runtimes/hosts.ts";

const main = join(import.meta.dirname, "main.mjs");
const data = join(import.meta.dirname, "data");
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "japanese-vowels-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

interface Run {
  code: number;
  stdout: string;
  stderr: string;
}

const run = (...args: string[]): Promise<Run> =>
  new Promise((resolve) => {
    execFile(process.execPath, [main, ...args], (error, stdout, stderr) => {
      resolve({ code: error ? Number(error.code) : 0, stdout, stderr });
    });
  });

const right = ({ stdout }: Run): [number, number] => {
  const [, n, of] = /Accuracy +(\d+) of (\d+) right/.exec(stdout) ?? [];
  return [Number(n), Number(of)];
};

describe("on Japanese Vowels", () => {
  let result: Run;
  let report: string;

  beforeAll(async () => {
    const file = join(folder, "report.html");
    result = await run("--report", file);
    expect(result.stderr).toBe("");
    report = await readFile(file, "utf8");
  });

  it("identifies at least 366 of 370 speakers, as a reference with another library does (368)", () => {
    const [n, of] = right(result);
    expect(of).toBe(370);
    expect(n).toBeGreaterThanOrEqual(366);
    expect(result.code).toBe(0);
  });

  it("prints a confusion matrix that adds up to the accuracy", () => {
    const rows = [...result.stdout.matchAll(/^│ (\d) +│(.*)│[^│]*│$/gm)].map(([, speaker, cells]) => ({
      speaker: Number(speaker),
      counts: (cells as string).split("│").map((cell) => Number(cell.trim().replace("·", "0"))),
    }));
    expect(rows.map(({ speaker }) => speaker)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9]);
    expect(rows.map(({ counts }) => counts.reduce((a, b) => a + b))).toEqual([31, 35, 88, 44, 29, 24, 40, 50, 29]);
    expect(rows.reduce((sum, { counts }, i) => sum + (counts[i] as number), 0)).toBe(right(result)[0]);
  });

  it("says what ran, how long signatures took, and where the report is", () => {
    expect(result.stdout).toMatch(
      /640 paths, 182 numbers each, in [\d.]+ ms \(first call, WebAssembly with (relaxed )?SIMD of /,
    );
    expect(result.stdout).toContain(`Report       ${join(folder, "report.html")}`);
  });

  it("compares with means and variances of the channels", () => {
    const [, n, of] = /Baseline +(\d+) of (\d+) right/.exec(result.stdout) ?? [];
    expect(Number(of)).toBe(370);
    // Better than chance (41), and worse than signatures.
    expect(Number(n)).toBeGreaterThan(330);
    expect(Number(n)).toBeLessThan(right(result)[0]);
    expect(report).toContain(`${n} of 370: means and variances of the channels`);
  });

  it("has as many right with features of the pipeline", () => {
    const [, n, of] = /Pipeline +(\d+) of (\d+) right/.exec(result.stdout) ?? [];
    expect(Number(of)).toBe(370);
    expect(Number(n)).toBeGreaterThanOrEqual(368);
    expect(report).toContain(`${n} of 370: signatureFeatures`);
  });

  it("writes ticks as numbers", () => {
    const ticks = [...report.matchAll(/<text[^>]*>([−-]?[\d.]+\w*)<\/text>/g)].map(([, text]) => text);
    expect(ticks).toContain("0.5");
    expect(ticks.filter((tick) => /[a-zµ]/.test(tick!))).toEqual([]);
  });

  it("needs no horizontal scroll bar in a window of 1200 pixels", async ({ skip }) => {
    requireHost("chromium", skip);
    const { browser: executablePath } = browser("chromium") as { browser: string };
    const chrome = await chromium.launch({ executablePath, args: ["--no-sandbox", "--disable-dev-shm-usage"] });
    try {
      const page = await chrome.newPage({ viewport: { width: 1200, height: 900 } });
      await page.goto(pathToFileURL(join(folder, "report.html")).href);
      // A scroll bar of the window, which is not drawn here, takes 15 pixels.
      await page.addStyleTag({ content: "html { width: 1185px }" });
      const wide = await page.evaluate(() =>
        [document.documentElement, ...document.querySelectorAll(".scroll")]
          .filter(({ scrollWidth, clientWidth }) => scrollWidth > clientWidth)
          .map(({ outerHTML }) => outerHTML.slice(0, 100)),
      );
      expect(wide).toEqual([]);
    } finally {
      await chrome.close();
    }
  });

  it("writes a report that asks nothing of the network", () => {
    expect(report).toContain("default-src 'none'");
    expect(report).not.toMatch(/<(script|link|img|iframe|object|embed|image|use)\b/i);
    expect(report).not.toMatch(/@import|url\(|\b(src|srcset|href)\s*=/i);
    // Names of XML namespaces are not requested.
    expect(report.replace(/xmlns(:\w+)?="[^"]*"/g, "")).not.toMatch(/https?:\/\//);
  });

  it("draws the matrix, the curves, and both levels of two signatures with their words", () => {
    const charts = [...report.matchAll(/<svg[^>]* role="img"[\s\S]*?<\/svg>/g)].map(([svg]) => svg);
    expect(charts).toHaveLength(2 + 2 * 2);
    const [matrix, curves, ...levels] = charts as [string, string, ...string[]];
    expect(matrix).toContain("speaker identified");
    for (let k = 1; k <= 12; k++) expect(curves).toContain(`>lpc${k}<`);
    for (const level of levels.slice(0, 2)) expect(level.match(/<title>/g)).toHaveLength(13);
    for (const level of levels.slice(2)) {
      expect(level.match(/<title>/g)).toHaveLength(169);
      expect(level).toContain(">12,12<");
      expect(level).toContain("second letter");
    }
    expect(report).not.toMatch(/\b(NaN|undefined|Infinity)\b/);
  });
});

describe("with a file of one's own", () => {
  const csv = async (...lines: string[]): Promise<string> => {
    const file = join(folder, "own.csv");
    await writeFile(file, `${lines.join("\n")}\n`);
    return file;
  };

  it("holds out every fourth utterance of each speaker, the same ones every time", async () => {
    const args = ["--data", join(data, "train.csv"), "--report", join(folder, "own.html")];
    const [one, two] = [await run(...args), await run(...args)];
    expect(one.stdout).toContain("207 to learn from, 63 held out: every fourth of each speaker");
    expect(right(one)[1]).toBe(63);
    expect(right(one)[0]).toBeGreaterThanOrEqual(60);
    expect(right(two)).toEqual(right(one));
  });

  it("takes any channels, and names that would be markup", async () => {
    const frames = (id: number, speaker: string, slope: number) =>
      [0, 1, 2, 4].map((t) => `${speaker},${t},${id},${slope * t}`);
    const lines = [1, 2, 3, 4].flatMap((i) => [
      ...frames(i, "<b>&", 1 + i / 100),
      ...frames(10 + i, '"a, ""b"""', -1 - i / 100),
    ]);
    const file = await csv("speaker,frame,utterance,height", ...lines);
    const result = await run("--data", file, "--depth", "3", "--report", join(folder, "own.html"));
    expect(result.stderr).toBe("");
    expect(right(result)).toEqual([2, 2]);
    const report = await readFile(join(folder, "own.html"), "utf8");
    expect(report).toContain("&lt;b&gt;&amp;");
    // Escaped, not parsed as an element.
    expect(parseHTML(report).document.querySelector("b")).toBeNull();
  });

  const header = "utterance,speaker,frame,a,b";
  const bad: [what: string, lines: string[], text: string][] = [
    ["a missing key column", ["utterance,frame,a"], 'line 1: no column "speaker" in the header'],
    ["no channel", ["utterance,speaker,frame"], "line 1: no channel in the header"],
    ["a column twice", ["utterance,speaker,frame,a,a"], "line 1: column 5 (a): column 4 has that name"],
    ["another separator", ["utterance;speaker;frame;a"], "Values are separated by commas"],
    ["a row too short", [header, "1,x,0,1,2", "1,x,1,1"], "line 3: column 5 (b): it is missing"],
    ["a row too long", [header, "1,x,0,1,2,3"], "line 2: column 6: one value too many"],
    ["an empty value", [header, "1,x,0,,2"], "line 2: column 4 (a): it is empty"],
    ["a word", [header, "1,x,0,1,2", "", "1,x,1,1,high"], 'line 4: column 5 (b): "high" is not a number'],
    ["NaN", [header, "1,x,0,NaN,2"], 'line 2: column 4 (a): "NaN" is not a number'],
    ["a hexadecimal number", [header, "1,x,0,0x1F,2"], 'line 2: column 4 (a): "0x1F" is not a number'],
    ["a number beyond float64", [header, "1,x,0,1e999,2"], 'line 2: column 4 (a): "1e999" is too large'],
    ["half a frame", [header, "1,x,0.5,1,2"], 'line 2: column 3 (frame): "0.5" is not a whole number'],
    [
      "frames out of order",
      [header, "1,x,0,1,2", "1,x,2,1,2", "1,x,1,1,2"],
      'line 4: column 3 (frame): frame 1 of utterance "1" comes after frame 2',
    ],
    ["a frame twice", [header, "1,x,7,1,2", "1,x,7,1,2"], "line 3: column 3 (frame): frame 7 of"],
    ["an utterance in two places", [header, "1,x,0,1,2", "2,x,0,1,2", "1,x,1,1,2"], "line 4: column 1 (utterance):"],
    ["two speakers at once", [header, "1,x,0,1,2", "1,y,1,1,2"], 'line 3: column 2 (speaker): "y", but utterance "1"'],
    ["a quote never closed", [header, "1,x,0,1,2", '1,"x,1,1,2', "1,x,2,1,2"], "line 3: a quote is opened"],
    [
      "a line break in a name, before",
      [header, '1,"x', 'y",0,1,2', '1,"x', 'y",1,?,2'],
      'line 4: column 4 (a): "?" is not a number',
    ],
    ["no rows", [header], "line 2: no row after the header"],
    ["a single speaker", [header, "1,x,0,1,2", "2,x,0,1,2"], "all utterances are by one speaker"],
  ];

  it.each(bad)("says where the fault is: %s", async (_, lines, text) => {
    const file = await csv(...lines);
    const result = await run("--data", file, "--report", join(folder, "none.html"));
    expect(result.stderr).toContain(file);
    expect(result.stderr).toContain(text);
    expect(result.stderr.trim().split("\n")).toHaveLength(1);
    expect(result.stdout).toBe("");
    expect(result.code).toBe(1);
  });

  it("reads .ts and Parquet files like the CSV", async () => {
    const csv = join(data, "test.csv");
    const [, ...lines] = (await readFile(csv, "utf8")).trim().split("\n");
    const cases = new Map<string, string[][]>();
    for (const row of lines.map((line) => line.split(","))) cases.set(row[0]!, [...(cases.get(row[0]!) ?? []), row]);
    const body = [...cases.values()].map((rows) => {
      const channels = Array.from({ length: 12 }, (_, c) => rows.map((row) => row[3 + c]).join(","));
      return [...channels, rows[0]![1]].join(":");
    });
    const header =
      "@problemName JapaneseVowels\n@univariate false\n@equalLength false\n@classLabel true 1 2 3 4 5 6 7 8 9\n";
    await writeFile(join(folder, "test.ts"), `${header}@data\n${body.join("\n")}\n`);
    const parquet = join(folder, "test.parquet");
    const connection = await (await DuckDBInstance.create(":memory:")).connect();
    await connection.run(`COPY (SELECT * FROM read_csv('${csv}')) TO '${parquet}' (FORMAT parquet)`);
    const report = join(folder, "formats.html");
    const wanted = right(await run("--data", csv, "--report", report));
    expect(wanted[0]).toBeGreaterThan(80);
    for (const file of ["test.ts", "test.parquet"])
      expect(right(await run("--data", join(folder, file), "--report", report)), file).toEqual(wanted);
    await writeFile(join(folder, "bad.ts"), "@classLabel true a\n@data\n1,x:a\n");
    const bad = await run("--data", join(folder, "bad.ts"), "--report", report);
    expect(bad.code).toBe(1);
    expect(bad.stderr).toContain("bad.ts");
  });

  it("says that there is no such file", async () => {
    const result = await run("--data", join(folder, "absent.csv"));
    expect(result.stderr).toMatch(/^Cannot read ".*absent\.csv": there is no such file\.\n$/);
    expect(result.code).toBe(1);
  });
});

describe("on its command line", () => {
  it.each([
    [["--colour", "red"], "Unknown option '--colour'."],
    [["--depth", "2.5"], '--depth takes a whole number from 1 on, not "2.5".'],
    [["--data"], "argument missing"],
    [["recordings.csv"], "Unexpected argument 'recordings.csv'."],
  ])("refuses %j with the usage", async (args, text) => {
    const { code, stdout, stderr } = await run(...args);
    expect(stderr).toContain(text);
    expect(stderr).toContain("Usage: npm run demo");
    expect(stderr).not.toMatch(/^ +at /m);
    expect([code, stdout]).toEqual([2, ""]);
  });

  it.each([
    ["6", /^Depth 6 gives 5,229,042 numbers for each of 640 utterances/],
    ["99", /2\^31 numbers/],
  ])("refuses depth %s, which is beyond memory", async (depth, text) => {
    const { code, stderr } = await run("--depth", depth);
    expect(stderr).toMatch(text);
    expect(stderr.trim().split("\n")).toHaveLength(1);
    expect(code).toBe(1);
  });
});
