// Serves a folder to browsers, under several path prefixes with different headers, and waits for
// the report of a page.

import { readFile } from "node:fs/promises";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { extname, join, normalize } from "node:path";

const types: Record<string, string> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript",
  ".mjs": "text/javascript",
  ".json": "application/json",
  ".css": "text/css",
  ".svg": "image/svg+xml",
  ".wasm": "application/wasm",
};

/** Response headers, selected by the first part of a path. */
const headers: Record<string, Record<string, string>> = {
  plain: {},
  /** Cross-origin isolated: SharedArrayBuffer is available. */
  isolated: { "cross-origin-opener-policy": "same-origin", "cross-origin-embedder-policy": "require-corp" },
  /**
   * The policy of SECURITY.md: scripts and workers of the same origin that may compile WebAssembly
   * but not evaluate strings. The page's report needs the rest.
   */
  csp: {
    "content-security-policy":
      "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; worker-src 'self'; connect-src 'self'; img-src 'self'",
  },
};

/** Time-out of a page's report. */
const patienceMs = 40_000;

/** The report of a page: the result of its script, or the error that ended it. */
export interface Words {
  readonly report?: unknown;
  readonly error?: string;
}

export class Site {
  readonly #folder: string;
  readonly #server = createServer((request, response) => void this.#answer(request, response));
  readonly #waiting = new Map<string, (words: Words) => void>();
  #visits = 0;
  #origin = "";

  constructor(folder: string) {
    this.#folder = folder;
  }

  async open(): Promise<void> {
    await new Promise<void>((done) => this.#server.listen(0, "127.0.0.1", done));
    this.#origin = `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** The URL of a page. */
  url(kind: keyof typeof headers, page: string): string {
    return `${this.#origin}/${kind}/${page}`;
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((done) => this.#server.close(done));
  }

  /**
   * Sends a browser to a page, and resolves to what the page posts to `/report/VISIT`, where VISIT
   * is the page's query.
   * @throws the error that the page reports, or a time-out.
   */
  async visit(navigate: (url: string) => Promise<unknown>, kind: keyof typeof headers, page: string): Promise<unknown> {
    const visit = String(++this.#visits);
    let timer: NodeJS.Timeout | undefined;
    const words = new Promise<Words>((done, fail) => {
      this.#waiting.set(visit, done);
      timer = setTimeout(() => fail(new Error(`${page} reported nothing in ${patienceMs / 1000} s`)), patienceMs);
    });
    try {
      await navigate(this.url(kind, `${page}?${visit}`));
      const { report, error } = await words;
      if (error !== undefined) throw new Error(`${page}: ${error}`);
      return report;
    } finally {
      clearTimeout(timer);
      this.#waiting.delete(visit);
    }
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const [, kind = "", ...rest] = new URL(request.url ?? "/", "http://localhost").pathname.split("/");
    if (request.method === "POST" && kind === "report") {
      let body = "";
      for await (const chunk of request) body += chunk;
      this.#waiting.get(rest[0] ?? "")?.(JSON.parse(body) as Words);
      return void response.writeHead(204).end();
    }
    const file = normalize(join(this.#folder, ...rest, rest.at(-1) === "" ? "index.html" : ""));
    const extra = headers[kind];
    try {
      if (extra === undefined || !file.startsWith(this.#folder)) throw new Error("not found");
      const content = await readFile(file);
      const type = types[extname(file)] ?? "application/octet-stream";
      response.writeHead(200, { "content-type": type, "cache-control": "no-store", ...extra }).end(content);
    } catch {
      response.writeHead(404).end();
    }
  }
}
