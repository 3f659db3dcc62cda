// The installed package in real browsers with three different WebAssembly compilers: in pages and
// module workers, cross-origin isolated and not, under a policy without `unsafe-eval`, and with a
// binary that the page fetches.

import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Consumer } from "../packaging/consumer.ts";
import { startChromium } from "./browsers/chromium.ts";
import type { Driven } from "./browsers/driven.ts";
import { startFirefox } from "./browsers/firefox.ts";
import { writePages } from "./browsers/pages.ts";
import { Site } from "./browsers/site.ts";
import { startWebKit } from "./browsers/webkit.ts";
import { missing, requireHost } from "./hosts.ts";
import { makeProject, type Report, settle } from "./project.ts";

let project: Consumer;
let site: Site;
beforeAll(async () => {
  project = await makeProject();
  writePages(project);
  site = new Site(project.folder);
  await site.open();
});
afterAll(async () => {
  await site.close();
  project.close();
});

interface Told {
  readonly report: Report;
  readonly place: { readonly isolated: boolean; readonly shared: string };
  readonly refused?: string;
}

const isolated = { isolated: true };
const apart = { isolated: false };

describe.each([
  ["chromium", startChromium],
  ["firefox", startFirefox],
  ["webkit", startWebKit],
] as const)("%s", (name, start) => {
  let browser: Driven | undefined;
  beforeAll(async () => {
    if (missing(name) === undefined) browser = await start();
  });
  afterAll(() => browser?.close());

  async function tell(kind: string, page: string): Promise<Told> {
    return (await site.visit((url) => browser!.navigate(url), kind, page)) as Told;
  }

  it.for([
    ["page", "plain", "page.html", apart],
    ["worker", "plain", "in-worker.html", apart],
    ["isolated", "isolated", "page.html", isolated],
    ["isolated-worker", "isolated", "in-worker.html", isolated],
    ["csp", "csp", "page.html", apart],
    ["slim", "plain", "slim.html", apart],
  ] as const)("%s", async ([row, kind, page, place], { skip }) => {
    requireHost(name, skip);
    const told = await tell(kind, page);
    expect(told.place).toMatchObject(place);
    // WebKitGTK isolates pages but has no shared memory in them.
    if (name !== "webkit") expect(told.place.shared).toBe(place.isolated ? "function" : "undefined");
    if (row === "slim") expect(told.refused).toBe("SOURCE_MISSING");
    await settle(`${name}-${row}`, told.report, browser!.version);
  });
});
