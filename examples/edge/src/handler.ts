// The service: from a Request to a Response, on any host that has both. It is stateless; every
// error becomes a response.

import { answer } from "./answer.ts";
import { expectedBytes, readBody } from "./body.ts";
import { reserve } from "./budget.ts";
import { answerSize, compute } from "./compute.ts";
import { decodeCsv } from "./formats/csv.ts";
import { decodeJson, encodeJson } from "./formats/json.ts";
import { limits } from "./limits.ts";
import { log, requestIdOf } from "./log.ts";
import { answerType, answerTypes, bodyFormat, csvHeader } from "./media.ts";
import { openapi } from "./openapi.ts";
import { page, pageScript } from "./page.ts";
import { readParameters } from "./parameters.ts";
import { Problem, problemResponse } from "./problem.ts";
import type { Body } from "./ragged.ts";

/**
 * apache-arrow is a hundred times larger than the rest of this service, so it is loaded only for
 * Arrow.
 */
const arrow = () => import("./formats/arrow.ts");

async function readPaths(request: Request): Promise<Body> {
  const format = bodyFormat(request);
  const release = reserve(expectedBytes(request), limits.bodyMs);
  try {
    const bytes = await readBody(request);
    if (format === "json") return decodeJson(bytes);
    return format === "csv" ? decodeCsv(bytes, csvHeader(request)) : (await arrow()).decodeArrow(bytes);
  } finally {
    release();
  }
}

async function postSignature(request: Request, url: URL): Promise<Response> {
  const options = readParameters(url.searchParams);
  const type = answerType(request);
  const body = await readPaths(request);
  const bytes = 8 * answerSize(body, options) + (body.ids ?? []).reduce((sum, id) => sum + id.length + 3, 0);
  const release = reserve(bytes, limits.answerMs);
  try {
    const result = compute(body, options);
    const content = answerTypes[type] === "json" ? encodeJson(result, body) : (await arrow()).encodeArrow(result, body);
    return answer(content, type, bytes, release);
  } catch (error) {
    release();
    throw error;
  }
}

type Route = (request: Request, url: URL) => Response | Promise<Response>;

const routes: Readonly<Record<string, Readonly<Record<string, Route>>>> = {
  "/": { GET: () => page() },
  "/page.js": { GET: () => pageScript() },
  "/openapi.json": { GET: () => Response.json(openapi) },
  "/signature": { POST: postSignature },
};

function route(request: Request, url: URL): Response | Promise<Response> {
  const methods = Object.hasOwn(routes, url.pathname) ? routes[url.pathname] : undefined;
  if (!methods) throw new Problem(404, "path", `There are ${Object.keys(routes).join(", ")}.`);
  const method = request.method === "HEAD" ? "GET" : request.method;
  const found = Object.hasOwn(methods, method) ? methods[method] : undefined;
  if (!found) throw new Problem(405, "method", `${url.pathname} takes ${Object.keys(methods).join(", ")}.`);
  return found(request, url);
}

/** Handles a request; never throws. */
export async function handle(request: Request): Promise<Response> {
  const requestId = requestIdOf(request);
  const url = new URL(request.url);
  const line = { requestId, method: request.method, path: url.pathname, query: url.search.slice(0, 200) };
  let response: Response;
  try {
    response = await route(request, url);
    log({ ...line, status: response.status });
  } catch (error) {
    const problem = problemResponse(error, requestId);
    response = problem.response;
    log({ ...line, status: response.status, ...problem.note });
  }
  response.headers.set("x-request-id", requestId);
  return response;
}
