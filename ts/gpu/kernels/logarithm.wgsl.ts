// Logarithms of signatures as WGSL. A workgroup has some signatures; its invocations share the
// words of a level. With E_m = Σ_{j ≥ 1} P^j / (j + m)! and P the logarithm, level by level
// (docs/log-signatures.md),
//
//   P(w) = S(w) − Σ_{w = uv} E_1(u) P(v),   E_m(w) = P(w) / (m + 1)! + Σ_{w = uv} E_{m+1}(u) P(v).
//
// Not here: which coordinates are written (programs/log-tables.ts).

import { countCoordinates } from "../../operations/log-signature-labels.ts";
import { type LogLayout, logInvocations, logOffsets } from "../logarithm.ts";
import { levelOffsets } from "../share.ts";
import { entryPoint, paramStruct } from "./params.wgsl.ts";
import { f, plus, u } from "./text.ts";

/** Parameters of a dispatch, in their order, each a u32; offsets count numbers. */
const names = {
  rows: "signatures, one behind the other",
  in_offset: "",
  out_offset: "",
  first_workgroup: "of this part of a dispatch that is done in parts",
} as const;

export const logParamNames = Object.keys(names) as (keyof typeof names)[];

/** Index of a word that is not computed: its coefficient is zero. */
export const zeroWord = 0xffffffff;

/** What the table holds where coordinates are sums over words. */
const keptTable = "Words to keep, where each coordinate's pairs begin, pairs (value, factor).";

const factorial = (n: number): number => (n < 2 ? 1 : n * factorial(n - 1));

/** The cuts of a word of `length` letters, as lines that `use` the indices of both parts. */
function cuts(channels: number, length: number, use: (prefix: string, suffix: string) => string[]): string {
  const offsets = levelOffsets(channels, length);
  const text: string[] = [];
  for (let j = 1; j < length; j++) {
    const by = u(channels ** (length - j));
    const prefix = plus([`at + word / ${by}`], offsets[j]!);
    const suffix = plus([`at + word % ${by}`], offsets[length - j]!);
    text.push(`    {`, ...use(prefix, suffix).map((line) => `      ${line}`), `    }`);
  }
  return text.join("\n");
}

/** A level below the top: P and what of E_m the levels above need. */
function levelText({ channels, levels, rows, values }: LogLayout, k: number): string {
  const count = channels ** k;
  const offset = levelOffsets(channels, k)[k]!;
  const begin = logOffsets(channels, levels);
  const orders = Array.from({ length: levels - k }, (_, m) => m + 1);
  const sums = cuts(channels, k, (prefix, suffix) => [
    `let p = values[${suffix}];`,
    `let u = ${prefix};`,
    `e0 = fma(-values[u + ${u(begin[1]!)}], p, e0);`,
    ...orders.map((m) => `e${m} = fma(values[u + ${u(begin[m + 1]!)}], p, e${m});`),
  ]);
  return `
  // Level ${k}.
  for (var i = lane; i < ${u(rows * count)}; i += INVOCATIONS) {
    let word = i % ${u(count)};
    let at = i / ${u(count)} * ${u(values)};
    var e0 = signatures[row_at(first + i / ${u(count)}) + ${u(offset)} + word];
${orders.map((m) => `    var e${m} = 0.0;`).join("\n")}
${sums}
    values[at + ${u(offset)} + word] = e0;
${orders
  .map((m) => `    values[at + ${u(begin[m]! + offset)} + word] = fma(e0, ${f(1 / factorial(m + 1))}, e${m});`)
  .join("\n")}
  }
  workgroupBarrier();`;
}

/** The kernel. */
export function logarithmSource(layout: LogLayout): string {
  const { channels, depth, basis, levels, rows, values, kept } = layout;
  const width = countCoordinates(channels, depth, basis);
  const offset = levelOffsets(channels, levels)[levels]!;
  const begin = logOffsets(channels, levels);
  const below = Array.from({ length: levels - 1 }, (_, k) => levelText(layout, k + 1)).join("\n");
  const top = cuts(channels, levels, (prefix, suffix) => [
    `p = fma(-values[${plus([prefix], begin[1]!)}], values[${suffix}], p);`,
  ]);
  const coordinates =
    kept === 0
      ? `    let sum = coefficient(at, row_at(first + row), table[i % WIDTH]);`
      : `    var sum = 0.0;
    let starts = ${u(kept)} + i % WIDTH;
    for (var pair = table[starts]; pair < table[starts + 1u]; pair += 2u) {
      sum = fma(bitcast<f32>(table[pair + 1u]), values[at + table[pair]], sum);
    }`;
  const keeping = `
  // The words of the top level that brackets depend on.
  for (var i = lane; i < ${u(rows * kept)}; i += INVOCATIONS) {
    let at = i / ${u(kept)} * ${u(values)};
    values[at + ${u(begin.at(-1)!)} + i % ${u(kept)}] = \
coefficient(at, row_at(first + i / ${u(kept)}), table[i % ${u(kept)}]);
  }
  workgroupBarrier();`;
  return `// path-signature logarithms, channels ${channels}, depth ${depth}, basis ${basis}: ${rows} signatures a \
workgroup. Written by ts/gpu/kernels/logarithm.wgsl.ts.
${paramStruct(names)}@group(1) @binding(0) var<storage, read> signatures: array<f32>;
// ${kept === 0 ? "The word of each coordinate." : keptTable}
@group(1) @binding(1) var<storage, read> table: array<u32>;
@group(1) @binding(2) var<storage, read_write> out: array<f32>;

const INVOCATIONS = ${u(logInvocations)};
// Numbers of a row of the result.
const WIDTH = ${u(width)};

// P below the top level, E_1, E_2, …${kept === 0 ? "" : ", words that are kept"}, of each row.
var<workgroup> values: array<f32, ${rows * values}>;

// Where a row begins; behind the last one it is read again.
fn row_at(row: u32) -> u32 {
  return params.in_offset + min(row, params.rows - 1u) * ${u(levelOffsets(channels, depth)[depth + 1]!)};
}

// P at a word, given by its number in a row.
fn coefficient(at: u32, row: u32, index: u32) -> f32 {
  if (index == ${u(zeroWord)}) { return 0.0; }
${offset === 0 ? "" : `  if (index < ${u(offset)}) { return values[at + index]; }`}
  let word = index - ${u(offset)};
  var p = signatures[row + index];
${top}
  return p;
}

${entryPoint(logInvocations)}
  let first = (params.first_workgroup + id.x + id.y * groups.x) * ${u(rows)};
  if (first >= params.rows) { return; }
${below}${kept === 0 ? "" : keeping}
  for (var i = lane; i < ${u(rows)} * WIDTH; i += INVOCATIONS) {
    let row = i / WIDTH;
    if (first + row >= params.rows) { break; }
    let at = row * ${u(values)};
${coordinates}
    out[params.out_offset + first * WIDTH + i] = sum;
  }
}
`;
}
