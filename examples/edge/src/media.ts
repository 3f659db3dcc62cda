// Media types: the format of a body, and the format of the response.

import type { Header } from "./formats/csv.ts";
import { Problem } from "./problem.ts";

/** Formats of request bodies. */
export const bodyTypes = {
  "application/json": "json",
  "text/csv": "csv",
  "application/vnd.apache.arrow.stream": "arrow",
} as const;

/** Formats of responses, in order of preference where the client has none. */
export const answerTypes = {
  "application/json": "json",
  "application/vnd.apache.arrow.stream": "arrow",
} as const;

export type BodyFormat = (typeof bodyTypes)[keyof typeof bodyTypes];
export type AnswerType = keyof typeof answerTypes;

const bare = (type: string): string => (type.split(";")[0] ?? "").trim().toLowerCase();

/** What a request says about a header in its CSV (RFC 4180, section 3). */
export function csvHeader(request: Request): Header {
  const [, said] = /;\s*header="?(present|absent)\b/i.exec(request.headers.get("content-type") ?? "") ?? [];
  return said?.toLowerCase() as Header;
}

/** The format of a request's body. @throws Problem 415 */
export function bodyFormat(request: Request): BodyFormat {
  const type = bare(request.headers.get("content-type") ?? "");
  if (Object.hasOwn(bodyTypes, type)) return bodyTypes[type as keyof typeof bodyTypes];
  throw new Problem(415, "content-type", `Bodies are read as ${Object.keys(bodyTypes).join(", ")}.`);
}

/**
 * The preferred type among those that a request accepts (RFC 9110, section 12.5.1). @throws
 * Problem 406
 */
export function answerType(request: Request): AnswerType {
  const accept = request.headers.get("accept")?.trim();
  if (!accept) return "application/json";
  // Programs send a single type; browsers send ranges with qualities.
  if (Object.hasOwn(answerTypes, accept)) return accept as AnswerType;
  const ranges = accept.split(",").map((range) => {
    const quality = /;\s*q=([\d.]+)/i.exec(range)?.[1];
    return { type: bare(range), quality: quality === undefined ? 1 : Number(quality) };
  });
  const qualityOf = (type: string): number => {
    const group = `${type.split("/")[0]}/*`;
    for (const one of [type, group, "*/*"]) {
      const range = ranges.find((candidate) => candidate.type === one);
      if (range) return range.quality;
    }
    return 0;
  };
  const known = Object.keys(answerTypes) as AnswerType[];
  const best = known.reduce((a, b) => (qualityOf(b) > qualityOf(a) ? b : a));
  if (!(qualityOf(best) > 0)) throw new Problem(406, "accept", `Answers come as ${known.join(", ")}.`);
  return best;
}
