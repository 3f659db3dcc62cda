// Chromium, driven through its DevTools by playwright-core.

import { chromium } from "playwright-core";
import { browser } from "../../../scripts/lib/browsers.mjs";
import type { Driven } from "./driven.ts";

export async function startChromium(): Promise<Driven> {
  const { browser: executablePath } = browser("chromium") as { browser: string };
  // Containers run as root and have a small /dev/shm.
  const args = ["--no-sandbox", "--disable-dev-shm-usage"];
  const instance = await chromium.launch({ executablePath, args });
  const page = await instance.newPage();
  return {
    version: instance.version(),
    navigate: (url) => page.goto(url),
    close: () => instance.close(),
  };
}
