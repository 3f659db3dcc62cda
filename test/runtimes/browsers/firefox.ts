// Firefox, controlled through its built-in WebDriver BiDi (https://w3c.github.io/webdriver-bidi/):
// Debian has no geckodriver.

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { browser } from "../../../scripts/lib/browsers.mjs";
import { type Driven, endProgram, startProgram } from "./driven.ts";

/** Disables everything that uses the network or asks the user on a first start. */
const preferences = {
  "app.update.enabled": false,
  "browser.shell.checkDefaultBrowser": false,
  "browser.startup.homepage_override.mstone": "ignore",
  "datareporting.policy.dataSubmissionEnabled": false,
  "toolkit.telemetry.reportingpolicy.firstRun": false,
};

interface Answer {
  readonly id?: number;
  readonly result?: Record<string, unknown>;
  readonly error?: string;
  readonly message?: string;
}

/** Commands over a WebSocket, answered in any order. */
class Connection {
  readonly #socket: WebSocket;
  readonly #waiting = new Map<number, (answer: Answer) => void>();
  #count = 0;

  private constructor(socket: WebSocket) {
    this.#socket = socket;
    socket.addEventListener("message", ({ data }) => {
      const answer = JSON.parse(String(data)) as Answer;
      if (answer.id !== undefined) this.#waiting.get(answer.id)?.(answer);
    });
  }

  static async open(url: string): Promise<Connection> {
    const socket = new WebSocket(url);
    await new Promise((done, fail) => {
      socket.addEventListener("open", done);
      socket.addEventListener("error", () => fail(new Error(`no connection to ${url}`)));
    });
    return new Connection(socket);
  }

  async send(method: string, params: Record<string, unknown>): Promise<Record<string, unknown>> {
    const id = ++this.#count;
    const answer = await new Promise<Answer>((done) => {
      this.#waiting.set(id, done);
      this.#socket.send(JSON.stringify({ id, method, params }));
    });
    this.#waiting.delete(id);
    if (answer.error) throw new Error(`${method}: ${answer.error} ${answer.message}`);
    return answer.result ?? {};
  }

  close(): void {
    this.#socket.close();
  }
}

/** Firefox, and the commands of its only tab. */
export interface Firefox extends Driven {
  readonly context: string;
  send(method: string, params: Record<string, unknown>): Promise<Record<string, unknown>>;
}

export async function startFirefox(): Promise<Firefox> {
  const { browser: program } = browser("firefox") as { browser: string };
  const profile = mkdtempSync(join(tmpdir(), "path-signature-firefox-"));
  const lines = Object.entries(preferences).map(([name, value]) => `user_pref("${name}", ${JSON.stringify(value)});`);
  writeFileSync(join(profile, "user.js"), lines.join("\n"));
  const args = ["--headless", "--no-remote", "--profile", profile, "--remote-debugging-port", "0"];
  const { process, found } = await startProgram(program, args, /WebDriver BiDi listening on (ws:\S+)/, {
    HOME: profile, // as root it refuses another user's home
    MOZ_CRASHREPORTER_DISABLE: "1",
  });
  const connection = await Connection.open(`${found[1]}/session`);
  const session = await connection.send("session.new", { capabilities: {} });
  const { browserVersion } = session.capabilities as { browserVersion: string };
  const { contexts } = (await connection.send("browsingContext.getTree", {})) as { contexts: { context: string }[] };
  const [{ context }] = contexts as [{ context: string }];
  return {
    version: browserVersion,
    context,
    send: (method, params) => connection.send(method, params),
    navigate: (url) => connection.send("browsingContext.navigate", { context, url, wait: "none" }),
    async close() {
      await connection.send("browser.close", {}).catch(() => undefined);
      connection.close();
      await endProgram(process);
      rmSync(profile, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}
