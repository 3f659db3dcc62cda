// The service's page in a browser: it computes the path in it, shows problems, and accepts a drawn
// path.

import { type Browser, chromium } from "playwright-core";
import { afterAll, beforeAll, expect, it } from "vitest";
import { browser } from "../../../scripts/lib/browsers.mjs";
import type { Consumer } from "../../../test/packaging/consumer.ts";
import { missing, requireHost } from "../../../test/runtimes/hosts.ts";
import { makeServiceProject, type Service, startInWorkerd } from "./service.ts";

const can = missing("chromium") === undefined && missing("workerd") === undefined;
let project: Consumer | undefined;
let service: Service | undefined;
let chrome: Browser | undefined;
beforeAll(async () => {
  if (!can) return;
  project = await makeServiceProject();
  service = await startInWorkerd(project);
  const { browser: executablePath } = browser("chromium") as { browser: string };
  chrome = await chromium.launch({ executablePath, args: ["--no-sandbox", "--disable-dev-shm-usage"] });
});
afterAll(async () => {
  await chrome?.close();
  await service?.close();
  project?.close();
});

it("computes, plots, and says what is wrong", async ({ skip }) => {
  requireHost("chromium", skip);
  requireHost("workerd", skip);
  const page = await chrome!.newPage();
  const faults: string[] = [];
  page.on("pageerror", (error) => faults.push(String(error)));
  page.on("console", (message) => message.type() === "error" && faults.push(message.text()));
  await page.goto(service!.origin);
  const bars = page.locator("#plot rect");
  const coefficient = (word: string) =>
    page.locator("#plot title", { hasText: new RegExp(`^${word}: `) }).textContent();
  // Two channels to depth 3: 14 coefficients; the first is the first channel's increment.
  await expect.poll(() => bars.count()).toBe(14);
  expect(await coefficient("0")).toMatch(/^0: 0\.(1|0999)/);

  await page.fill("textarea", "[[0,0],[1,0],[1,1]]");
  await page.fill("[name=depth]", "2");
  await page.click("button");
  await expect.poll(() => bars.count()).toBe(6);
  expect([await coefficient("01"), await coefficient("10")]).toEqual(["01: 1", "10: 0"]);

  // Drawn from the lower left to the upper right: both channels rise.
  const box = (await page.locator("#drawing").boundingBox())!;
  await page.mouse.move(box.x + box.width * 0.25, box.y + box.height * 0.75);
  await page.mouse.down();
  await page.mouse.move(box.x + box.width * 0.75, box.y + box.height * 0.25, { steps: 5 });
  await page.mouse.up();
  await expect.poll(() => coefficient("0")).toMatch(/^0: 0\.5/);
  expect(await coefficient("1")).toMatch(/^1: 0\.(5|4)/);
  expect(faults).toEqual([]);

  await page.fill("textarea", "[[0,0],[1]]");
  await page.click("button");
  await expect.poll(() => page.locator("#problem").textContent()).toMatch(/^paths\[1\]: /);
});
