// The documentation site as it was built: links and resources, read from its files; then in
// Chromium, below a folder: every page opens without an error, is accessible in light and in dark,
// and its samples run and give the values of their comments.

import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parseHTML } from "linkedom";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { filesUnder, fingerprint, isCurrent, remember } from "../../scripts/lib/fingerprint.mjs";
import { level } from "../level.ts";
import { type Chromium, startChromium } from "../runtimes/browsers/chromium.ts";
import { missing, requireHost } from "../runtimes/hosts.ts";
import { type Built, buildMs, builtSite } from "./built.ts";

const root = join(import.meta.dirname, "..", "..");

let site: Built;
beforeAll(async () => {
  site = await builtSite();
}, buildMs);
afterAll(() => site?.close());

interface Page {
  readonly ids: ReadonlySet<string>;
  /** Links and sources of images, scripts and styles. */
  readonly links: readonly string[];
  readonly resources: readonly string[];
}

function read(page: string): Page {
  const { document } = parseHTML(readFileSync(join(site.folder, page), "utf8"));
  const all = (selector: string, name: string) =>
    [...document.querySelectorAll(selector)].map((node) => node.getAttribute(name) ?? "");
  return {
    ids: new Set(all("[id]", "id")),
    links: all("a[href]", "href"),
    resources: [...all("[src]", "src"), ...all("link[href]", "href")],
  };
}

it("has the README, the changelog, every guide, and the API of every entry", () => {
  const guides = readdirSync(join(root, "docs")).filter((name) => name.endsWith(".md"));
  const entries = ["index", "algebra", "kernels", "features", "io", "arrow", "tfjs"];
  const wanted = [
    ...["index", "introduction", "changelog", "playground", "api"].map((name) => `${name}.html`),
    ...guides.map((name) => name.replace(/\.md$/, ".html")),
    ...entries.map((name) => `api-${name}.html`),
  ];
  expect(wanted.filter((name) => !site.pages.includes(name))).toEqual([]);
});

it("links lead to pages and headings that exist", () => {
  const pages = new Map(site.pages.map((name) => [name, read(name)]));
  const broken = [...pages]
    .filter(([name]) => name !== "404.html")
    .flatMap(([name, { links }]) =>
      links
        .filter((link) => {
          if (/^[a-z]+:/.test(link)) return false;
          const { pathname, hash } = new URL(link, `http://host/${name}`);
          const target = pages.get(pathname === "/" ? "index.html" : pathname.slice(1));
          return target === undefined || (hash !== "" && !target.ids.has(decodeURIComponent(hash.slice(1))));
        })
        .map((link) => `${name}: ${link}`),
    );
  expect(broken).toEqual([]);
});

it("needs nothing from other hosts, and no place of its own", () => {
  const wrong = site.pages.flatMap((name) =>
    read(name)
      .resources.filter((path) => !path.startsWith("./") || !existsSync(join(site.folder, path)))
      .map((path) => `${name}: ${path}`),
  );
  expect(wrong).toEqual([]);
  const styles = readdirSync(join(site.folder, "assets")).filter((name) => name.endsWith(".css"));
  expect(styles.length).toBeGreaterThan(0);
  for (const name of styles) {
    const text = readFileSync(join(site.folder, "assets", name), "utf8");
    expect(text).not.toMatch(/url\(["']?(?:https?:)?\/\//);
    expect(text).not.toContain("@font-face");
  }
});

it("renders mathematics as MathML", () => {
  expect(readFileSync(join(site.folder, "gradients.html"), "utf8")).toContain("<math");
});

describe("in chromium", () => {
  let browser: Chromium | undefined;
  const faults: string[] = [];
  beforeAll(async () => {
    if (missing("chromium") !== undefined) return;
    browser = await startChromium();
    const { page } = browser;
    page.on("pageerror", (error) => faults.push(`${page.url()}: ${error.message}`));
    page.on("response", (response) => {
      if (response.status() >= 400) faults.push(`${response.status()} ${response.url()}`);
    });
    page.on("console", (message) => {
      if (message.type() === "error") faults.push(`${page.url()}: ${message.text()}`);
    });
  });
  afterAll(() => browser?.close());

  interface Violation {
    readonly id: string;
    readonly impact: string;
    readonly nodes: readonly { readonly target: readonly string[] }[];
  }

  const axe = readFileSync(join(root, "site", "node_modules", "axe-core", "axe.min.js"), "utf8");

  /** Findings that axe calls serious or critical; by one rule only, if given. */
  async function violations(rule?: string): Promise<string[]> {
    await browser!.page.evaluate(axe);
    const options = { resultTypes: ["violations"], ...(rule === undefined ? {} : { runOnly: [rule] }) };
    const { violations } = (await browser!.page.evaluate(`axe.run(${JSON.stringify(options)})`)) as {
      violations: Violation[];
    };
    return violations
      .filter(({ impact }) => ["serious", "critical"].includes(impact))
      .map(
        ({ id, nodes }) =>
          `${id}: ${nodes
            .map(({ target }) => target.join(" "))
            .slice(0, 3)
            .join(", ")}`,
      );
  }

  it("opens every page without an error, accessible in light and dark", { timeout: 1_800_000 }, async ({ skip }) => {
    requireHost("chromium", skip);
    const { page } = browser!;
    const found: Record<string, string[]> = {};
    // The same site in the same browser has been found accessible: axe does not look again.
    const print = fingerprint(filesUnder("target/site", "test/site", "site/package-lock.json"), browser!.version);
    const shown = join(root, "target", "test", "accessible");
    const isShown = level !== "all" && isCurrent(shown, print);
    for (const name of site.pages.filter((name) => name !== "404.html")) {
      await page.goto(site.url(name));
      // Hydrated: the script has put the folder of the site where it is.
      await page.waitForFunction("document.querySelector('#app').__vue_app__ !== undefined");
      // Pages of many declarations are large; their parts are those of the smallest.
      const schemes = isShown || /^api-(?!io)/.test(name) ? [] : (["light", "dark"] as const);
      for (const colorScheme of schemes) {
        await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
        // Schemes differ in colours alone.
        const wrong = await violations(colorScheme === "dark" ? "color-contrast" : undefined);
        if (wrong.length > 0) found[`${name} (${colorScheme})`] = wrong;
      }
    }
    expect(found).toEqual({});
    expect(faults).toEqual([]);
    remember(shown, print);
  });

  it("navigates without loading the page again, and finds words", async ({ skip }) => {
    requireHost("chromium", skip);
    const { page } = browser!;
    await page.goto(site.url(""));
    await page.evaluate("globalThis.stays = true");
    await page.locator(".VPHero a", { hasText: "Guide" }).click();
    await page.waitForURL("**/plain/guide.html");
    await page.locator("h1", { hasText: "Guide" }).waitFor();
    expect(await page.evaluate("globalThis.stays")).toBe(true);
    await page.keyboard.press("Control+k");
    await page.locator("#localsearch-input").fill("lead-lag");
    await page.locator(".VPLocalSearchBox .result").first().click();
    await page.waitForFunction("/lead-?lag/i.test(document.querySelector('.vp-doc')?.textContent ?? '')");
    expect(await page.evaluate("globalThis.stays")).toBe(true);
  });

  it("measures the machine", { timeout: 120_000 }, async ({ skip }) => {
    requireHost("chromium", skip);
    const { page } = browser!;
    faults.length = 0;
    await page.goto(site.url("performance.html"));
    await page.locator(".measure button").click();
    await page.locator(".measure[data-state=done]").waitFor({ timeout: 90_000 });
    expect(await page.locator(".measure tbody tr").count()).toBe(6);
    expect(await page.locator(".measure").textContent()).toMatch(/engine: \d+ threads?/);
    // The engine's workers were found.
    expect(faults).toEqual([]);
  });

  it("runs every sample", { timeout: 900_000 }, async ({ skip }) => {
    requireHost("chromium", skip);
    const { page } = browser!;
    let count = 0;
    const failed: string[] = [];
    for (const name of site.pages) {
      if (!readFileSync(join(site.folder, name), "utf8").includes("sample-run")) continue;
      await page.goto(site.url(name));
      for (const sample of await page.locator(".sample").all()) {
        await sample.locator("button").click();
        await expect.poll(() => sample.getAttribute("data-state"), { timeout: 60_000 }).toMatch(/done|failed/);
        count++;
        if ((await sample.getAttribute("data-state")) !== "done") {
          failed.push(`${await sample.getAttribute("data-sample")}: ${await sample.textContent()}`);
        }
      }
    }
    expect(failed).toEqual([]);
    expect(count).toBeGreaterThan(30);
  });
});
