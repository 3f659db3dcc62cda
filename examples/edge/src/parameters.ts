// The query parameters of POST /signature: one table for parsing and for the OpenAPI description
// (openapi.ts).

import type { SignatureOptions } from "path-signature";
import { limits } from "./limits.ts";
import { Problem } from "./problem.ts";

export interface Parameter {
  readonly description: string;
  readonly required?: boolean;
  readonly schema: Readonly<Record<string, unknown>>;
  /** From text to value; undefined if the text is invalid. */
  readonly read: (text: string) => unknown;
  readonly accepted: string;
}

const wholeNumber = (text: string) => (/^-?\d{1,9}$/.test(text) ? Number(text) : undefined);
const booleans = new Map([
  ["true", true],
  ["1", true],
  ["", true],
  ["false", false],
  ["0", false],
]);

const flag = (description: string): Parameter => ({
  description,
  schema: { type: "boolean", default: false },
  read: (text) => booleans.get(text),
  accepted: "true or false",
});

export const parameters: Readonly<Record<string, Parameter>> = {
  depth: {
    description: "The level at which signatures are truncated.",
    required: true,
    schema: { type: "integer", minimum: 1, maximum: limits.depth },
    read: wholeNumber,
    accepted: `a whole number from 1 to ${limits.depth}`,
  },
  stream: flag("Answer with the signature of every prefix of each path."),
  basepoint: flag("Put the origin before each path, so that signatures depend on where paths start."),
  inverse: flag("Signatures of the paths run backwards."),
  scalarTerm: flag("Begin each signature with its 1."),
  dtype: {
    description: "Number type of computation and answer; by default float64, or float32 where the body has it.",
    schema: { type: "string", enum: ["float32", "float64"] },
    read: (text) => (text === "float32" || text === "float64" ? text : undefined),
    accepted: '"float32" or "float64"',
  },
};

/**
 * Parses a query. @throws Problem 400 if a parameter is missing or invalid, 422 for a depth above
 * the limit
 */
export function readParameters(query: URLSearchParams): SignatureOptions {
  const read: Record<string, unknown> = {};
  for (const [name, text] of query) {
    const parameter = Object.hasOwn(parameters, name) ? parameters[name] : undefined;
    const known = Object.keys(parameters).join(", ");
    if (!parameter) throw new Problem(400, name.slice(0, 60), `There is no such parameter; there are ${known}.`);
    if (name in read) throw new Problem(400, name, `${name} is given twice.`);
    const value = parameter.read(text);
    if (value === undefined) throw new Problem(400, name, `${name} must be ${parameter.accepted}.`);
    read[name] = value;
  }
  for (const [name, { required, accepted }] of Object.entries(parameters)) {
    if (required && !(name in read)) throw new Problem(400, name, `${name} is missing: it must be ${accepted}.`);
  }
  const options = read as unknown as SignatureOptions;
  if (options.depth > limits.depth)
    throw new Problem(422, "depth", `depth must be at most ${limits.depth}; got ${options.depth}.`);
  return options;
}
