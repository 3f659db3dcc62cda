// The parameters and bindings of kernels that read paths, for their sources and for the host.

/** Bits of `options`. */
export const option = {
  /** Paths have lengths of their own. */
  LENGTHS: 1,
  /** A point comes before each path's first. */
  BASEPOINT: 2,
  /** Paths are run backwards. */
  INVERSE: 4,
  /** Tracks continue a signature. */
  INITIAL: 8,
  /** A 1 stands before each row. */
  SCALAR_TERM: 16,
  /** The first path with an increment that is not finite is wanted. */
  CHECK_FINITE: 32,
  /** Every step has a row. */
  STREAM: 64,
  /** Pieces of a path that share a workgroup are multiplied there. */
  TREE: 256,
  /** The product of a path's pieces continues a signature. */
  CONTINUES: 512,
  /** Words of one letter are computed from the path's ends in the end. */
  ENDS: 1024,
  /** Not the path but the number is wanted that is not finite, and what it is. */
  LOCATE: 128,
} as const;

/** Parameters of a dispatch, in their order, each a u32; offsets and strides count numbers. */
const names = {
  options: "sum of option bits",
  tracks: "pieces of all paths",
  pieces: "pieces of a path",
  piece_steps: "steps of a piece; 0: a path's own steps are divided evenly",
  points: "points from one path to the next",
  rows: "rows written for a path, where every step is",
  points_offset: "where the first path begins",
  lengths_offset: "",
  basepoint_offset: "",
  basepoint_stride: "from one path's to the next one's; 0: shared",
  initial_offset: "where the signature begins that the first piece of the first path continues",
  initial_path: "from one path's to the next one's",
  initial_piece: "from one piece's to the next one's",
  out_offset: "where the first row begins, behind its scalar term",
  out_path: "from one path's first row to the next one's",
  out_piece: "from one piece's first row to the next one's",
  first_workgroup: "of this part of a dispatch that is done in parts",
  first_path: "number of the first path in the call, for what is found wrong with it",
} as const;

export const paramNames = Object.keys(names) as (keyof typeof names)[];

/** The struct of a dispatch's parameters, each a u32 with its comment, and its binding. */
export const paramStruct = (described: Readonly<Record<string, string>>): string => `
struct Params {
${Object.entries(described)
  .map(([name, what]) => `${what === "" ? "" : `  // ${what}\n`}  ${name}: u32,`)
  .join("\n")}
}

@group(0) @binding(0) var<uniform> params: Params;
`;

/** The paths that kernels read, bindings 0 to 2 of group 1. */
export const pathsSource = `// (paths, points, channels), row-major.
@group(1) @binding(0) var<storage, read> points: array<f32>;
// Points that count, for each path.
@group(1) @binding(1) var<storage, read> lengths: array<u32>;
@group(1) @binding(2) var<storage, read> basepoints: array<f32>;
`;

/** Whether one of some options is set. */
export const optionsSource = `
fn has(option: u32) -> bool {
  return (params.options & option) != 0u;
}
`;

const listedSource = `// The shares that are followed, where not all are.
@group(1) @binding(6) var<storage, read> listed: array<u32>;
`;

const stateSource = `// The signature at the end of each path of the block, (paths, SIZE): \
what the next block continues.
@group(1) @binding(6) var<storage, read_write> state: array<f32>;
`;

/** Parameters and bindings. `writesState`: of kernels that write the state after a block. */
export const paramsSource = (writesState = false): string =>
  `${paramStruct(names)}${pathsSource}@group(1) @binding(3) var<storage, read> initials: array<f32>;
@group(1) @binding(4) var<storage, read_write> out: array<f32>;
// The first path of the call that is not finite; \
where a number is located, its index and what it is.
@group(1) @binding(5) var<storage, read_write> first_not_finite: atomic<u32>;
${writesState ? stateSource : listedSource}${optionsSource}`;

/** One workgroup's number of all that a dispatch in parts has. */
export const workgroupSource = `
fn workgroup_number(id: vec3u, count: vec3u) -> u32 {
  return params.first_workgroup + id.x + id.y * count.x;
}
`;

/** How every kernel begins. */
export const entryPoint = (invocations: number): string => `@compute @workgroup_size(${invocations})
fn main(
  @builtin(local_invocation_index) lane: u32,
  @builtin(workgroup_id) id: vec3u,
  @builtin(num_workgroups) groups: vec3u,
) {`;
