// Chromium, driven through its DevTools by playwright-core.

import { chromium, type Page } from "playwright-core";
import { browser } from "../../../scripts/lib/browsers.mjs";
import type { Driven } from "./driven.ts";

/** Chromium, and its only tab. */
export interface Chromium extends Driven {
  readonly page: Page;
}

export async function startChromium(): Promise<Chromium> {
  const { browser: executablePath } = browser("chromium") as { browser: string };
  // Containers run as root and have a small /dev/shm.
  const args = ["--no-sandbox", "--disable-dev-shm-usage"];
  const instance = await chromium.launch({ executablePath, args });
  const page = await instance.newPage();
  return {
    version: instance.version(),
    page,
    navigate: (url) => page.goto(url),
    close: () => instance.close(),
  };
}
