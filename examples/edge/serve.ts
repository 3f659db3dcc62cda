// The same service on the built-in servers of Node, Deno and Bun:
//
//   node serve.ts [PORT] [HOST]
//   deno run --allow-net --allow-read --allow-env serve.ts [PORT] [HOST]
//   bun serve.ts [PORT] [HOST]
//
// It listens on this machine alone, unless HOST says otherwise: 0.0.0.0 for all interfaces.

import { createServer } from "node:http";
import { handle } from "./src/handler.ts";
import { limits } from "./src/limits.ts";
import { nodeListener } from "./src/node-listener.ts";

interface Options {
  readonly port: number;
  readonly hostname: string;
}

/** The parts of the two other runtimes that are used here. */
interface Natives {
  readonly Deno?: { serve(options: Options & { onListen(): void }, handler: typeof handle): unknown };
  readonly Bun?: { serve(options: Options & { maxRequestBodySize: number; fetch: typeof handle }): unknown };
}

const { argv, env } = process;
const port = Number(argv[2] ?? env.PORT ?? 8787);
const hostname = argv[3] ?? "127.0.0.1";
const url = `http://${hostname.includes(":") ? `[${hostname}]` : hostname}:${port}/`;
const listening = () => console.log(JSON.stringify({ listening: url }));
const { Deno, Bun } = globalThis as Natives;

if (Deno) {
  Deno.serve({ port, hostname, onListen: listening }, (request) => handle(request));
} else if (Bun) {
  // What is longer than the service takes gets the service's answer. Bun holds it until then.
  Bun.serve({ port, hostname, maxRequestBodySize: 4 * limits.bodyBytes, fetch: (request) => handle(request) });
  listening();
} else {
  const server = createServer(
    { headersTimeout: limits.bodyMs, requestTimeout: 3 * limits.bodyMs },
    nodeListener(handle),
  );
  // Each holds some tens of kilobytes. One on which nothing moves is closed.
  server.maxConnections = 512;
  server.timeout = limits.answerMs;
  server.listen(port, hostname, listening);
}
