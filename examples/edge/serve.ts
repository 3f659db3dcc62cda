// The same service on the built-in servers of Node, Deno and Bun:
//
//   node serve.ts [PORT]
//   deno run --allow-net --allow-read --allow-env serve.ts [PORT]
//   bun serve.ts [PORT]

import { createServer } from "node:http";
import { handle } from "./src/handler.ts";
import { nodeListener } from "./src/node-listener.ts";

/** The parts of the two other runtimes that are used here. */
interface Natives {
  readonly Deno?: { serve(options: { port: number; onListen(): void }, handler: typeof handle): unknown };
  readonly Bun?: { serve(options: { port: number; fetch: typeof handle }): unknown };
}

const port = Number(process.argv[2] ?? process.env.PORT ?? 8787);
const listening = () => console.log(JSON.stringify({ listening: `http://localhost:${port}/` }));
const { Deno, Bun } = globalThis as Natives;

if (Deno) {
  Deno.serve({ port, onListen: listening }, (request) => handle(request));
} else if (Bun) {
  Bun.serve({ port, fetch: (request) => handle(request) });
  listening();
} else {
  createServer(nodeListener(handle)).listen(port, listening);
}
