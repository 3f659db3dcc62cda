// Signature kernels of pairs of paths, as WGSL: an invocation has a pair, where there are many, or
// a workgroup has one. The counterpart of crates/kernels/src/ops/signature_kernel: the same cells
// and static kernels, blocks of rows in registers, all columns of a block one after the other.
//
// In a workgroup each invocation has a block of rows and is a column behind the one before it,
// which hands over what passes from row to row.

import type { Kernel } from "../pipelines.ts";
import { entryPoint, paramStruct, workgroupSource } from "./params.wgsl.ts";
import { f, indent, u } from "./text.ts";

/** What the source of a kernel depends on. */
export interface KernelForm {
  readonly degree: 1 | 2;
  readonly channels: number;
  /** The code of the static kernel; 0: the inner product. */
  readonly code: number;
  /** Whether steps are cut. */
  readonly refined: boolean;
  /** Whether a workgroup has a pair. */
  readonly shared: boolean;
}

/** Rows of an invocation's block. */
export const blockRows = 8;
/** Invocations of a workgroup. */
export const kernelInvocations = 64;

/** Parameters of a dispatch, in their order. */
const names = {
  pairs: "how many there are",
  x_stride: "numbers from one path of x to the next one",
  y_count: "paths of y",
  row_column: "from one column of a row between blocks to the next one",
  row_pair: "from one pair's row to the next one's",
  unit: "the scheme's unit of v, a float, as the three parameters of the static kernel are",
  parameter_0: "",
  parameter_1: "",
  parameter_2: "",
  first_workgroup: "of this part of a dispatch that is done in parts",
} as const;

export const kernelParamNames = Object.keys(names) as (keyof typeof names)[];

/** The unit of v: what cells get is v times this. */
export const unitOf = (degree: 1 | 2): number => (degree === 1 ? 0.5 / Math.sqrt(3) : 1 / 12);

/**
 * A cell: of the edge along x that belongs to a row and of the one along y that passes from row to
 * row, what is beyond. docs/signature-kernels.md derives both.
 */
const cells = {
  // Of x: the difference along the edge, and the node at its upper end; of y: the nodes of the
  // cell's bottom, the further one first.
  1: `
const ROW = vec2f(0.0, 1.0);
const COLUMN = vec2f(1.0, 1.0);

fn cell(w: f32, own: vec2f, passing: vec2f) -> vec4f {
  let c2 = w * w;
  let c1 = fma(${f(Math.sqrt(3))}, w, c2);
  let difference = own.x + fma(c1, passing.x + own.y, c2 * passing.y);
  let node = passing.x + difference;
  return vec4f(difference, node, node, own.y);
}
`,
  // Of x: the difference over 6 and the mean over 3; of y: the difference over 6, and the mean less
  // the first value over 3.
  2: `
const ROW = vec2f(0.0, ${f(1 / 3)});
const COLUMN = vec2f(0.0, 0.0);

fn cell(w: f32, own: vec2f, passing: vec2f) -> vec4f {
  let twice = w + w;
  let y = own.y + passing.y;
  let sum = own.x + passing.x;
  let mean = fma(-twice, fma(-w, passing.x, own.x), fma(2.0, passing.x, own.y));
  let rise = fma(-twice, fma(-w, own.x, passing.x), passing.y);
  let z = fma(-y, fma(fma(3.0, w, 4.0), w, 3.0), fma(twice, sum, sum));
  let inc = 6.0 * w * fma(-w, z, y);
  let rho = fma(-w, 1.0 - w, 1.0);
  return vec4f(own.x + inc, fma(rho, inc, mean), passing.x + inc, fma(rho, inc, rise));
}
`,
} as const;

const parameter = (i: 0 | 1 | 2): string => `bitcast<f32>(params.parameter_${i})`;

/** A static kernel of an inner product, or of a squared distance, x. */
const staticKernels: readonly string[] = [
  "x",
  // Powers of WGSL are of positive numbers.
  `var power = 1.0;
  for (var k = 0u; k < u32(${parameter(0)}); k++) { power *= fma(${parameter(1)}, x, ${parameter(2)}); }
  return power`,
  `exp(-${parameter(0)} * x)`,
  `exp(-sqrt(${parameter(0)} * x))`,
  `let r = sqrt(${parameter(0)} * x);
  return (1.0 + r) * exp(-r)`,
  `let r = sqrt(${parameter(0)} * x);
  return (1.0 + r + r * r / 3.0) * exp(-r)`,
  `pow(1.0 + ${parameter(0)} / ${parameter(1)} * x, -${parameter(1)})`,
];

const isRadial = (code: number): boolean => code > 1;

/** v of rows, between two points of y; `x` and `y` are indices of first numbers. */
function valuesSource({ code, refined }: KernelForm): string {
  const rows = refined ? "rows" : u(blockRows);
  if (code === 0)
    return `
// v of the steps of x from a row on, for a step of y.
fn values(x: u32, y: u32, rows: u32, factor: f32) -> array<f32, ${blockRows}> {
  var v: array<f32, ${blockRows}>;
  for (var c = 0u; c < CHANNELS; c++) {
    let number = ys[y + c * params.y_count];
    for (var r = 0u; r < ${rows}; r++) { v[r] = fma(xs[x + r * CHANNELS + c], number, v[r]); }
  }
  for (var r = 0u; r < ${rows}; r++) { v[r] *= factor; }
  return v;
}
`;
  const body = staticKernels[code] as string;
  const term = isRadial(code)
    ? `let difference = xs[x + c] - ys[y + c * params.y_count];
    sum = fma(difference, difference, sum);`
    : "sum = fma(xs[x + c], ys[y + c * params.y_count], sum);";
  return `
fn static_kernel(x: f32) -> f32 {
  ${body.includes("return") ? body : `return ${body}`};
}

fn points(x: u32, y: u32) -> f32 {
  var sum = 0.0;
  for (var c = 0u; c < CHANNELS; c++) {
    ${term}
  }
  return static_kernel(sum);
}

// Differences along the steps of x from a row on, at a point of y.
fn differences(x: u32, y: u32, rows: u32) -> array<f32, ${blockRows}> {
  var all: array<f32, ${blockRows}>;
  var before = points(x, y);
  for (var r = 0u; r < ${rows}; r++) {
    let after = points(x + (r + 1u) * CHANNELS, y);
    all[r] = after - before;
    before = after;
  }
  return all;
}
`;
}

/** The beginning of a block of rows, the first of which is `first`. */
function blockSource({ code, refined }: KernelForm): string[] {
  const index = refined ? "(first >> order.x)" : "first";
  return [
    `let x = pair.x * params.x_stride + ${index} * CHANNELS;`,
    ...(refined ? [`let coarse = min(((first + ${u(blockRows - 1)}) >> order.x) - ${index} + 1u, ROWS);`] : []),
    "var own: array<vec2f, ROWS>;",
    "for (var r = 0u; r < ROWS; r++) { own[r] = ROW; }",
    "var v: array<f32, ROWS>;",
    ...(code === 0 ? [] : [`var before = differences(x, pair.y, ${refined ? "coarse" : "ROWS"});`]),
  ];
}

/** Column j of a block, from and to `passing`. */
function columnSource({ code, refined }: KernelForm): string[] {
  const rows = refined ? "coarse" : "ROWS";
  const at = (j: string) => `pair.y + ${j} * CHANNELS * params.y_count`;
  const step = refined ? "(j >> order.y)" : "j";
  const values =
    code === 0
      ? [`v = values(x, ${at(step)}, ${rows}, factor);`]
      : [
          `let after = differences(x, ${at(`(${step} + 1u)`)}, ${rows});`,
          "for (var r = 0u; r < ROWS; r++) { v[r] = factor * (after[r] - before[r]); }",
          "before = after;",
        ];
  const own = (r: number) => (refined ? `v[((first + ${u(r)}) >> order.x) - (first >> order.x)]` : `v[${u(r)}]`);
  return [
    ...(refined ? ["if ((j & ((1u << order.y) - 1u)) == 0u) {", ...values.map((line) => `  ${line}`), "}"] : values),
    "var next: vec4f;",
    ...Array.from(
      { length: blockRows },
      (_, r) => `next = cell(${own(r)}, own[${r}], passing); own[${r}] = next.xy; passing = next.zw;`,
    ),
  ];
}

const result = (degree: 1 | 2): string => (degree === 1 ? "last.x" : "fma(6.0, sum, 1.0)");

/** A pair an invocation. */
const alone = (form: KernelForm): string => `
${entryPoint(kernelInvocations)}
  let index = workgroup_number(id, groups) * ${u(kernelInvocations)} + lane;
  if (index >= params.pairs) { return; }
${indent(pairSource(form), 2)}
  for (var first = 0u; first < size.x; first += ROWS) {
${indent(blockSource(form), 4)}
    for (var j = 0u; j < size.y; j++) {
      let place = index * params.row_pair + j * params.row_column;
      var passing = COLUMN;
      if (first > 0u) { passing = rows[place]; }
${indent(columnSource(form), 6)}
      rows[place] = passing;
      last = passing;
      if (first + ROWS >= size.x) { sum += passing.x; }
    }
  }
  out[index] = ${result(form.degree)};
}
`;

/** A pair a workgroup. */
const together = (form: KernelForm): string => `
const BESIDE = ${u(kernelInvocations)};
// What the invocations hand over: in one step of time written, in the next one read.
var<workgroup> handed: array<vec2f, 2u * BESIDE>;

${entryPoint(kernelInvocations)}
  let index = workgroup_number(id, groups);
  if (index >= params.pairs) { return; }
${indent(pairSource(form), 2)}
  for (var strip = 0u; strip < size.x; strip += ROWS * BESIDE) {
    let first = strip + lane * ROWS;
${indent(blockSource(form), 4)}
    for (var t = 0u; t + 1u < size.y + BESIDE; t++) {
      let j = t - lane;
      if (t >= lane && j < size.y) {
        let place = index * params.row_pair + j * params.row_column;
        var passing = COLUMN;
        if (lane > 0u) {
          passing = handed[((t + 1u) & 1u) * BESIDE + lane - 1u];
        } else if (strip > 0u) {
          passing = rows[place];
        }
        if (first < size.x) {
${indent(columnSource(form), 10)}
        }
        handed[(t & 1u) * BESIDE + lane] = passing;
        if (lane == BESIDE - 1u) { rows[place] = passing; }
        last = passing;
        if (strip + ROWS * BESIDE >= size.x) { sum += passing.x; }
      }
      workgroupBarrier();
    }
    storageBarrier();
  }
  if (lane == BESIDE - 1u) { out[index] = ${result(form.degree)}; }
}
`;

/** What is known of a pair; `size` are its rows and columns. */
const pairSource = ({ refined }: KernelForm): string[] => [
  "let pair = pairs[index];",
  `let ${refined ? "order" : "_order"} = pair.zw >> vec2u(24u);`,
  `let size = (pair.zw & vec2u(0xffffffu))${refined ? " << order" : ""};`,
  `let factor = bitcast<f32>(params.unit)${refined ? " / f32(1u << (order.x + order.y))" : ""};`,
  "var last = COLUMN;",
  "var sum = 0.0;",
];

/** The kernel. */
export function signatureKernelSource(form: KernelForm): string {
  const { channels, degree, shared } = form;
  return `// path-signature kernels, ${nameOf(form)}. Written by ts/gpu/kernels/signature-kernel.wgsl.ts.
const CHANNELS = ${u(channels)};
const ROWS = ${u(blockRows)};
${paramStruct(names)}
// Steps or points of x, (path, row, channel), and of y, (row, channel, path).
@group(1) @binding(0) var<storage, read> xs: array<f32>;
@group(1) @binding(1) var<storage, read> ys: array<f32>;
// Of each pair: path of x, path of y, steps of both, with dyadic orders in their upper eight bits.
@group(1) @binding(2) var<storage, read> pairs: array<vec4u>;
// Of each pair what passes from a block of rows to the next one.
@group(1) @binding(3) var<storage, read_write> rows: array<vec2f>;
@group(1) @binding(4) var<storage, read_write> out: array<f32>;
${workgroupSource}${cells[degree]}${valuesSource(form)}${shared ? together(form) : alone(form)}`;
}

const nameOf = ({ degree, channels, code, refined, shared }: KernelForm): string =>
  `degree ${degree}, ${channels} channels, static kernel ${code}${refined ? ", refined" : ""}, ` +
  `a pair ${shared ? "a workgroup" : "an invocation"}`;

/** The kernel as a device makes it. */
export const signatureKernelKernel = (form: KernelForm): Kernel => ({
  name: `signature kernels, ${nameOf(form)}`,
  bindings: ["read", "read", "read", "write", "write"],
  source: () => signatureKernelSource(form),
});
