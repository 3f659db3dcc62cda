// Errors as RFC 9457 has them: application/problem+json with the argument at fault.

import { isPathSignatureError } from "path-signature";
import { limits } from "./limits.ts";

const titles = {
  400: "The request cannot be read",
  404: "There is nothing here",
  405: "This method does nothing here",
  406: "None of the accepted media types can be given",
  408: "The body did not arrive in time",
  413: "This is more than the service takes",
  415: "This media type is not read here",
  422: "This cannot be computed",
  500: "The service failed",
  503: "The service is busy",
} as const;

export type ProblemStatus = keyof typeof titles;

/**
 * An error that becomes a response. `argument` names what is at fault: a query parameter, a header,
 * a place in the body.
 */
export class Problem extends Error {
  readonly status: ProblemStatus;
  readonly argument: string;
  readonly code: string | undefined;

  constructor(status: ProblemStatus, argument: string, detail: string, code?: string) {
    super(detail);
    this.status = status;
    this.argument = argument;
    this.code = code;
  }
}

/**
 * The library's errors name the argument and the values accepted. They concern the caller and are
 * passed on unchanged.
 */
function problemOf(error: unknown): Problem {
  if (error instanceof Problem) return error;
  if (isPathSignatureError(error)) {
    const mine = error instanceof TypeError || error instanceof RangeError;
    // Options are query parameters here, so the prefix is dropped from their names.
    if (mine) return new Problem(422, error.argument.replace(/^options\./, ""), error.message, error.code);
    if (error.code === "OUT_OF_MEMORY") return new Problem(413, error.argument, error.message, error.code);
  }
  return new Problem(500, "", "This is a fault of the service, not of the request.");
}

/** The response to an error, and what to log about it. */
export function problemResponse(
  error: unknown,
  requestId: string,
): { response: Response; note: Record<string, unknown> } {
  const { status, argument, message: detail, code } = problemOf(error);
  const body = { type: "about:blank", title: titles[status], status, detail, argument, code, requestId };
  const headers = new Headers({ "content-type": "application/problem+json" });
  if (status === 503) headers.set("retry-after", String(limits.retryAfter));
  const note = status === 500 ? { error: String((error as Error)?.stack ?? error) } : { argument, detail, code };
  return { response: Response.json(body, { status, headers }), note };
}
