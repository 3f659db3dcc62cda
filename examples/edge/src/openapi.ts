// The OpenAPI 3.1 description of the service, generated from the tables that the service uses.

import { limits } from "./limits.ts";
import { answerTypes, bodyTypes } from "./media.ts";
import { parameters } from "./parameters.ts";

const point = { type: "array", items: { type: "number" }, minItems: 1, maxItems: limits.channels };
const path = { type: "array", items: point, minItems: 1 };
const paths = { oneOf: [path, { type: "array", items: path, minItems: 1 }] };

const bodySchemas: Readonly<Record<(typeof bodyTypes)[keyof typeof bodyTypes], object>> = {
  json: {
    schema: { oneOf: [...paths.oneOf, { type: "object", properties: { paths }, required: ["paths"] }] },
    example: [
      [0, 0],
      [1, 0],
      [1, 1],
    ],
  },
  csv: { schema: { type: "string" }, example: "path,x,y\na,0,0\na,1,0\na,1,1\nb,0,0\nb,1,1\n" },
  arrow: { schema: { type: "string", contentMediaType: "application/vnd.apache.arrow.stream" } },
};

const answerSchemas: Readonly<Record<(typeof answerTypes)[keyof typeof answerTypes], object>> = {
  json: {
    schema: {
      type: "object",
      properties: {
        shape: { type: "array", items: { type: "integer" } },
        dtype: { enum: ["float32", "float64"] },
        channels: { type: "integer" },
        depth: { type: "integer" },
        names: { type: "array", items: { type: "string" }, description: "Of the channels, where CSV has a header." },
        ids: {
          type: "array",
          items: { type: "string" },
          description: "Of the paths, in the order of the rows of data.",
        },
        data: {
          type: "array",
          items: { type: "number" },
          description: "Row-major, of that shape; words of letters 0 to channels - 1, level by level.",
        },
      },
    },
  },
  arrow: { schema: { type: "string", contentMediaType: "application/vnd.apache.arrow.stream" } },
};

const problem = (description: string) => ({
  description,
  content: {
    "application/problem+json": {
      schema: {
        type: "object",
        properties: {
          type: { type: "string" },
          title: { type: "string" },
          status: { type: "integer" },
          detail: { type: "string" },
          argument: { type: "string", description: "What is at fault: a parameter, a header, a place in the body." },
          code: { type: "string", description: "The library's stable code, where the error is its." },
          requestId: { type: "string" },
        },
      },
    },
  },
});

const contentOf = <Name extends string>(
  types: Readonly<Record<string, Name>>,
  schemas: Readonly<Record<Name, object>>,
) => Object.fromEntries(Object.entries(types).map(([type, name]) => [type, schemas[name]]));

export const openapi = {
  openapi: "3.1.0",
  info: {
    title: "Path signatures",
    version: "1.0.0",
    description:
      "Truncated path signatures of time series. " +
      `Bodies may have ${limits.bodyBytes} bytes, responses ${limits.numbers} numbers.`,
  },
  paths: {
    "/signature": {
      post: {
        summary: "Signatures of the paths in the body",
        parameters: Object.entries(parameters).map(([name, { description, required = false, schema }]) => ({
          name,
          in: "query",
          description,
          required,
          schema,
        })),
        requestBody: { required: true, content: contentOf(bodyTypes, bodySchemas) },
        responses: {
          "200": { description: "Signatures, a row a path.", content: contentOf(answerTypes, answerSchemas) },
          "400": problem("The query or the body cannot be read."),
          "408": problem("The body did not arrive in time."),
          "406": problem("No media type that the client accepts."),
          "413": problem("The body, or the answer, is larger than allowed."),
          "415": problem("A media type or a compression that is not read."),
          "422": problem("What was read is no batch of paths, or is beyond a limit."),
          "503": problem("Other requests hold the memory; retry-after says when to try again."),
        },
      },
    },
  },
} as const;
