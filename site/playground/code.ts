// What is on the screen as a program for the published package.

import type { State } from "./state.ts";
import { toggleNames } from "./state.ts";

const list = (numbers: readonly number[]) => `[${numbers.join(", ")}]`;

function wrapped(name: string, items: readonly string[], indent = "  "): string {
  const lines: string[] = [];
  let line = indent;
  for (const item of items) {
    if (line.length + item.length > 98) {
      lines.push(line.trimEnd());
      line = indent;
    }
    line += `${item}, `;
  }
  lines.push(line.trimEnd());
  return `const ${name} = [\n${lines.join("\n")}\n];`;
}

const functions = ["logSignature", "signature"];
const gradientFunctions = ["signatureSize", "signatureVjp", "augmentedChannels"];

function drawing({ points, toggles, depth, word }: State): string {
  const augment = toggleNames
    .filter((name) => toggles[name])
    .map((name) => (name === "time" ? "{ time: { times } }" : JSON.stringify(name)));
  const options = `{ depth: ${depth}${augment.length > 0 ? ", augment" : ""} }`;
  const picked = word ?? [0, 1].slice(0, depth);
  return [
    `import { ${[...functions, ...(word === undefined ? [] : gradientFunctions)].join(", ")} } from "path-signature";`,
    "",
    wrapped(
      "path",
      points.map(({ x, y }) => list([x, y])),
    ),
    ...(toggles.time
      ? [
          wrapped(
            "times",
            points.map(({ t }) => String(t)),
          ),
        ]
      : []),
    ...(augment.length > 0 ? [`const augment = [${augment.join(", ")}] as const;`] : []),
    "",
    `const s = signature(path, ${options});`,
    `console.log("coefficient of ${list(picked)}:", s.at(${list(picked)}));`,
    `console.log("log-signature:", logSignature(path, ${options}).data);`,
    ...(word === undefined
      ? []
      : [
          "",
          `// The gradient of the coefficient of ${list(word)}, a row for each point.`,
          `const channels = ${augment.length > 0 ? "augmentedChannels(2, augment)" : "2"};`,
          `const cotangent = new Float64Array(signatureSize(channels, ${depth}));`,
          `cotangent[${word.length > 1 ? `signatureSize(channels, ${word.length - 1}) + ` : ""}${word.reduce(
            (text, letter) => (text === "" ? String(letter) : `(${text}) * channels + ${letter}`),
            "",
          )}] = 1;`,
          `console.log("gradient:", signatureVjp(path, cotangent, ${options}).paths.data);`,
        ]),
    "",
  ].join("\n");
}

function gestures({ gestures }: State): string {
  const taught = gestures.filter(({ drawings }) => drawings.length > 0);
  return [
    `import { signature } from "path-signature";`,
    "",
    "// Drawings by gesture, each a list of points.",
    `const gestures: Record<string, number[][][]> = {`,
    ...taught.flatMap(({ name, drawings }) => [
      `  ${JSON.stringify(name)}: [`,
      ...drawings.map((points) => `    [${points.map(({ x, y }) => list([x, y])).join(", ")}],`),
      "  ],",
    ]),
    "};",
    "",
    "// The same at every place, size and speed: features for a linear classifier.",
    "const scaled = (path: number[][]) => {",
    "  const range = (c: number) => Math.max(...path.map((p) => p[c]!)) - Math.min(...path.map((p) => p[c]!));",
    "  const size = Math.max(range(0), range(1)) || 1;",
    "  return path.map((point) => point.map((value) => value / size));",
    "};",
    "for (const [name, drawings] of Object.entries(gestures)) {",
    "  const features = signature(drawings.map(scaled), { depth: 4 });",
    "  console.log(name, features.shape, features.data);",
    "}",
    "",
  ].join("\n");
}

function recording({ length, step, windowDepth }: State, columns: readonly string[]): string {
  return [
    `import { readFile } from "node:fs/promises";`,
    `import { signature } from "path-signature";`,
    `import { signatureKernelGram } from "path-signature/kernels";`,
    "",
    `const columns = ${JSON.stringify(columns)};`,
    `const [header = "", ...lines] = (await readFile("recording.csv", "utf8")).trim().split(/\\r?\\n/);`,
    `const places = columns.map((name) => header.split(",").indexOf(name));`,
    `const rows = lines.map((line) => places.map((place) => Number(line.split(",")[place])));`,
    "",
    "// Columns of similar sizes: each divided by its standard deviation.",
    "const scales = columns.map((_, c) => {",
    "  const mean = rows.reduce((sum, row) => sum + row[c]!, 0) / rows.length;",
    "  return Math.sqrt(rows.reduce((sum, row) => sum + (row[c]! - mean) ** 2, 0) / rows.length) || 1;",
    "});",
    "const path = rows.map((row) => row.map((value, c) => value / scales[c]!));",
    "",
    `const windows = { type: "sliding", length: ${length}, step: ${step} } as const;`,
    `const features = signature(path, { depth: ${windowDepth}, windows });`,
    `console.log("features, (windows, size):", features.shape);`,
    "",
    `const starts = Array.from({ length: features.shape[0]! }, (_, i) => i * windows.step);`,
    `const pieces = starts.map((start) => path.slice(start, start + windows.length));`,
    "",
    "// Kernels of long paths grow like exponentials: windows are scaled to a length of 2 on average.",
    "const lengthOf = (piece: number[][]) =>",
    "  piece.slice(1).reduce((sum, row, t) => sum + Math.hypot(...row.map((value, c) => value - piece[t]![c]!)), 0);",
    "const mean = pieces.reduce((sum, piece) => sum + lengthOf(piece), 0) / pieces.length;",
    "const scaled = pieces.map((piece) => piece.map((row) => row.map((value) => (2 * value) / mean)));",
    `console.log("similarity of windows:", signatureKernelGram(scaled, undefined, { normalize: true }).data);`,
    "",
  ].join("\n");
}

export function codeOf(state: State, columns: readonly string[]): string {
  if (state.tab === "teach") return gestures(state);
  return state.tab === "recording" ? recording(state, columns) : drawing(state);
}
