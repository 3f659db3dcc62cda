// A request to the edge service, what is wrong with the answer, and a script that sends it again.

import { gzipSync } from "node:zlib";
import type { Server } from "./server.ts";

export interface Request {
  readonly query: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array<ArrayBuffer>;
}

const allowed = new Set([200, 400, 406, 413, 415, 422]);
const patienceMs = 20_000;

/** What is wrong with the answer to a request, or undefined. */
export async function faultOf(server: Server, request: Request, again = true): Promise<string | undefined> {
  const { query, headers, body } = request;
  let status: number;
  let text: string;
  try {
    const signal = AbortSignal.timeout(patienceMs);
    const response = await fetch(`${server.origin}/signature?${query}`, { method: "POST", headers, body, signal });
    status = response.status;
    text = await response.text();
  } catch (error) {
    if (!server.alive) return `the service ended: ${server.complaint}`;
    // A connection that was kept may just have ended.
    if (again && (error as Error).name === "TypeError") return faultOf(server, request, false);
    return `no answer: ${error}, ${(error as Error).cause}`;
  }
  if (!allowed.has(status)) return `status ${status}: ${text.slice(0, 300)}`;
  if (status === 200) return undefined;
  const { argument, detail } = JSON.parse(text) as Record<string, unknown>;
  return typeof argument === "string" && typeof detail === "string" ? undefined : `no problem: ${text.slice(0, 300)}`;
}

/** A module that sends the request to the URL in its argument. */
export const scriptOf = ({ query, headers, body }: Request): string => `import { gunzipSync } from "node:zlib";
const body = gunzipSync(Buffer.from("${gzipSync(body).toString("base64")}", "base64"));
const headers = ${JSON.stringify(headers)};
const url = \`\${process.argv[2] ?? "http://127.0.0.1:8787"}/signature?${query}\`;
const response = await fetch(url, { method: "POST", headers, body });
console.log(response.status, await response.text());
`;

/** The same for bytes on a connection. */
export const rawScriptOf = (text: string): string => `import { connect } from "node:net";
const socket = connect(Number(process.argv[2] ?? 8787), "127.0.0.1");
socket.on("data", (chunk) => process.stdout.write(chunk));
socket.end(${JSON.stringify(text)}, "latin1");
`;
