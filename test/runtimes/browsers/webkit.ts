// WebKitGTK's test browser, controlled through its WebDriver (https://www.w3.org/TR/webdriver2/) on
// a virtual display.

import { browser } from "../../../scripts/lib/browsers.mjs";
import { type Driven, endProgram, freePort, startProgram } from "./driven.ts";

export async function startWebKit(): Promise<Driven> {
  const programs = browser("webkit") as { driver: string; browser: string; display: string };
  // The X server chooses a free display number and prints it.
  const display = await startProgram(programs.display, ["-displayfd", "1", "-screen", "0", "1024x768x24"], /^(\d+)\n/m);
  const port = await freePort();
  // The driver prints nothing when it is ready.
  const driver = await startProgram(
    "sh",
    ["-c", `echo started; exec "$0" --port=${port}`, programs.driver],
    /started/,
    {
      DISPLAY: `:${display.found[1]}`,
      // bubblewrap does not work as root in a container; only the tests' own pages are opened.
      WEBKIT_DISABLE_SANDBOX_THIS_IS_DANGEROUS: "1",
      LIBGL_ALWAYS_SOFTWARE: "1",
    },
  );

  async function command(method: string, path: string, body?: unknown): Promise<unknown> {
    const response = await fetch(`http://127.0.0.1:${port}${path}`, {
      method,
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const { value } = (await response.json()) as { value: unknown };
    if (!response.ok) throw new Error(`${method} ${path}: ${JSON.stringify(value)}`);
    return value;
  }

  async function newSession(): Promise<{ sessionId: string; capabilities: { browserVersion: string } }> {
    const options = { binary: programs.browser, args: ["--automation"] };
    const capabilities = { alwaysMatch: { "webkitgtk:browserOptions": options } };
    for (let tries = 50; ; tries--) {
      try {
        return (await command("POST", "/session", { capabilities })) as Awaited<ReturnType<typeof newSession>>;
      } catch (error) {
        // Not listening yet.
        if (tries === 0 || !(error instanceof TypeError)) throw error;
        await new Promise((done) => setTimeout(done, 100));
      }
    }
  }

  const close = async () => {
    await endProgram(driver.process);
    await endProgram(display.process);
  };
  try {
    const { sessionId, capabilities } = await newSession();
    return {
      version: capabilities.browserVersion,
      navigate: (url) => command("POST", `/session/${sessionId}/url`, { url }),
      async close() {
        await command("DELETE", `/session/${sessionId}`).catch(() => undefined);
        await close();
      },
    };
  } catch (error) {
    await close();
    throw error;
  }
}
