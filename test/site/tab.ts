// A browser's tab as a person uses it: looks, clicks, draws and types. Chromium is driven by
// Playwright, Firefox by WebDriver BiDi.

import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Chromium, startChromium } from "../runtimes/browsers/chromium.ts";
import { type Firefox, startFirefox } from "../runtimes/browsers/firefox.ts";

export type Spot = readonly [x: number, y: number];

export interface Tab {
  goto(url: string): Promise<void>;
  /** The value of an expression in the page, as JSON. */
  value<T>(expression: string): Promise<T>;
  /** Presses the pointer at the first place of the viewport, moves it along, and lets go. */
  drag(spots: readonly Spot[]): Promise<void>;
  /** A key by its name in KeyboardEvent. */
  press(key: string): Promise<void>;
  resize(width: number, height: number): Promise<void>;
  /** A picture of the viewport, for people: target/test/site/NAME.png. */
  picture(name: string): Promise<void>;
  close(): Promise<unknown>;
}

const folder = join(import.meta.dirname, "..", "..", "target", "test", "site");

function keep(name: string, png: Buffer): void {
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, `${name}.png`), png);
}

export function chromiumTab({ page, close }: Chromium): Tab {
  return {
    goto: async (url) => void (await page.goto(url)),
    value: (expression) => page.evaluate(expression),
    async drag(spots) {
      const [first, ...others] = spots as [Spot, ...Spot[]];
      await page.mouse.move(...first);
      await page.mouse.down();
      for (const spot of others) await page.mouse.move(...spot);
      await page.mouse.up();
    },
    press: (key) => page.keyboard.press(key),
    resize: (width, height) => page.setViewportSize({ width, height }),
    picture: async (name) => keep(`chromium-${name}`, await page.screenshot()),
    close,
  };
}

/** WebDriver's code points of keys that are no characters. */
const keys: Readonly<Record<string, string>> = {
  Tab: "\uE004",
  Enter: "\uE007",
  ArrowLeft: "\uE012",
  ArrowUp: "\uE013",
  ArrowRight: "\uE014",
  ArrowDown: "\uE015",
  Insert: "\uE016",
  Delete: "\uE017",
};

export function firefoxTab({ context, send, close }: Firefox): Tab {
  const pointer = (actions: readonly unknown[]) =>
    send("input.performActions", {
      context,
      actions: [{ type: "pointer", id: "mouse", parameters: { pointerType: "mouse" }, actions }],
    });
  return {
    async goto(url) {
      // The same page with another state: a new visit, as with a link that was sent.
      await send("browsingContext.navigate", { context, url: "about:blank", wait: "complete" });
      await send("browsingContext.navigate", { context, url, wait: "complete" });
    },
    async value(expression) {
      const { result, exceptionDetails } = (await send("script.evaluate", {
        expression: `(async () => JSON.stringify({ value: await (${expression}) }))()`,
        target: { context },
        awaitPromise: true,
      })) as { result?: { value: string }; exceptionDetails?: { text: string } };
      if (result === undefined) throw new Error(`${expression}: ${exceptionDetails?.text}`);
      return JSON.parse(result.value).value;
    },
    async drag(spots) {
      const move = ([x, y]: Spot) => ({ type: "pointerMove", x: Math.round(x), y: Math.round(y), duration: 8 });
      const [first, ...others] = spots as [Spot, ...Spot[]];
      await pointer([
        move(first),
        { type: "pointerDown", button: 0 },
        ...others.map(move),
        { type: "pointerUp", button: 0 },
      ]);
    },
    async press(key) {
      const value = keys[key] ?? key;
      await send("input.performActions", {
        context,
        actions: [
          {
            type: "key",
            id: "keyboard",
            actions: [
              { type: "keyDown", value },
              { type: "keyUp", value },
            ],
          },
        ],
      });
    },
    async resize(width, height) {
      await send("browsingContext.setViewport", { context, viewport: { width, height } });
    },
    async picture(name) {
      const { data } = (await send("browsingContext.captureScreenshot", { context })) as { data: string };
      keep(`firefox-${name}`, Buffer.from(data, "base64"));
    },
    close,
  };
}

export const tabs = {
  chromium: async () => chromiumTab(await startChromium()),
  firefox: async () => firefoxTab(await startFirefox()),
} as const;
