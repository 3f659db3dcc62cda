// The kernels that walk paths, put together: the loop over tiles of time, coefficients from and to
// memory. The counterpart of crates/kernels/src/ops/signature. One source, three uses:
//
//   prefix   an invocation follows a prefix and the tree below it; the invocations of a workgroup
//            belong to one path or a few
//   path     the tree is the whole signature: an invocation a path
//   stream   an invocation follows one word of the top level, and every step is written
//
// Not here: the arithmetic of a step (walk.wgsl.ts), the reading of a path (increments.wgsl.ts),
// products (chen.wgsl.ts).

import type { Layout } from "../layout.ts";
import { levelOffsets, prefixLength, type Share } from "../share.ts";
import { endsFunctions } from "./ends.wgsl.ts";
import { handoverSource, writeOut, writeScalarTerm, writeWhole } from "./handover.wgsl.ts";
import { stageSource, trackSource } from "./increments.wgsl.ts";
import { entryPoint, option, paramsSource, workgroupSource } from "./params.wgsl.ts";
import { placeSource, readAll, writeAll } from "./place.wgsl.ts";
import { indent, over, plus, splat, u } from "./text.ts";
import { multiplyTogether, noTreeSource, treeSource } from "./tree.wgsl.ts";
import { type Chunk, type Coefficient, coefficientsOf, declarationsOf, type Letters, stepOf } from "./walk.wgsl.ts";

const heading = (layout: Layout, title: string): string => {
  const { share, invocations, tracks, workgroups } = layout;
  const { channels, depth, levels, rows, columns } = share;
  const P = prefixLength(share);
  const below = P === 0 ? "" : ` below a prefix of ${P} ${P === 1 ? "letter" : "letters"}`;
  const words = levels > 2 ? `all words` : levels === 2 ? `${rows} × ${columns} words` : `${columns} words`;
  const spread = workgroups > 1 ? `${workgroups} workgroups to a track` : `${tracks} tracks to a workgroup`;
  return `// path-signature ${title}, channels ${channels}, depth ${depth}. An invocation follows ${words}${below};
// ${spread} of ${invocations}. Written by ts/gpu/kernels/signature.wgsl.ts.
`;
};

const sources = (layout: Layout, listed: boolean, writesState = false): string =>
  `${paramsSource(writesState)}${workgroupSource}${trackSource(layout.share.channels)}${stageSource(layout)}\
${placeSource(layout, listed)}
// Where the first row of a track begins.
fn row_of(track: u32) -> u32 {
  let path = track / params.pieces;
  return params.out_offset + path * params.out_path + track % params.pieces / pieces_together() * params.out_piece;
}
${levelOneSource}`;

/** What is needed besides where pieces are multiplied in the workgroup. */
const gatherSource = ({ share: { channels, depth } }: Layout): string => `
const DEPTH = ${u(depth)};
// Numbers of a signature.
const SIZE = ${u(levelOffsets(channels, depth)[depth + 1]!)};
${endsFunctions(channels, depth)}`;

/** Where a place finds its letters' increments, in a step at vector \`at\` of the stage. */
function lettersOf({ share, vector }: Layout): { before: string[]; step: string[]; letters: Letters } {
  const { channels: d, depth, levels, rows, columns } = share;
  const P = prefixLength(share);
  const before: string[] = [];
  const step: string[] = [];
  for (let level = 1; level <= P; level++) {
    const digit = over("place.prefix", d ** (P - level));
    before.push(`let letter_${level} = ${level === 1 ? digit : `${digit} % CHANNELS`};`);
  }
  const one = (letter: string) => `stage[at + ${letter} / ${u(vector)}][${letter} % ${u(vector)}]`;
  const neighbours = (name: string, first: string | undefined, count: number) => {
    for (let offset = 0; offset < count; offset += vector) {
      const width = Math.min(vector, count - offset);
      const swizzle = width === vector ? "" : `.${"xyzw".slice(0, width)}`;
      const from = plus(["at", first && `${first} / ${u(vector)}`], offset / vector);
      step.push(`let ${name}_${offset} = stage[${from}]${swizzle};`);
    }
  };
  const cutColumns = columns < d;
  const cutRows = levels === 2 && rows < d;
  if (!cutColumns) neighbours("z", undefined, d);
  else if (columns === 1) step.push(`let z_column_0 = ${one("place.column")};`);
  else neighbours("z_column", "place.column", columns);
  if (cutRows && rows % vector === 0) neighbours("z_row", "place.row", rows);
  else if (cutRows) {
    for (let offset = 0; offset < rows; offset += 4) {
      const width = Math.min(4, rows - offset);
      const parts = Array.from({ length: width }, (_, i) => {
        before.push(`let row_${offset + i} = ${plus(["place.row"], offset + i)};`);
        return one(`row_${offset + i}`);
      });
      step.push(`let z_row_${offset} = ${splat(parts.join(", "), width)};`);
    }
  }
  const letters = {
    prefix: (level: number) => one(`letter_${level}`),
    chunk: (level: number, { offset }: Chunk) =>
      level === depth && cutColumns
        ? `z_column_${offset}`
        : level < depth && cutRows
          ? `z_row_${offset}`
          : `z_${offset}`,
  };
  return { before, step, letters };
}

/** The registers, from the identity or what a track continues. */
function begin({ share }: Layout): string[] {
  return [
    ...declarationsOf(share),
    `if (place.works && has(${u(option.INITIAL)})) {`,
    "  let initial = initial_of(place.track);",
    ...readAll(share, "initials", "place", "initial").map((line) => `  ${line}`),
    "}",
  ];
}

/** Level 1 at step `t`, as one difference: what a sum of steps has rounded is not carried on. */
function levelOne({ share }: Layout, t: string): string[] {
  const P = prefixLength(share);
  const first = coefficientsOf(share).filter(({ level }) => level === 1);
  const letter = ({ letter: n }: Coefficient) => {
    if (P > 0) return "letter_1";
    if (share.levels === 1) return "place.column";
    return share.rows < share.channels ? plus(["place.row"], n) : u(n);
  };
  return first.map((c) => `${c.name} = level_one(place, ${t}, min(${letter(c)}, CHANNELS - 1u));`);
}

const levelOneSource = `
// Where a track's signature stands that it continues.
fn initial_of(track: u32) -> u32 {
  return params.initial_offset + track / params.pieces * params.initial_path
    + track % params.pieces * params.initial_piece;
}

fn level_one(place: Place, t: u32, letter: u32) -> f32 {
  if (!place.works) { return 0.0; }
  let way = way_to(tracks[place.slot], t, letter);
  if (has(${u(option.INITIAL)})) { return initials[initial_of(place.track) + letter] + way; }
  return way;
}
`;

/** The kernel for whole signatures. `listed`: only the shares of a list are followed. */
export function wholeSource(layout: Layout, listed = false): string {
  const { share } = layout;
  const { before, step, letters } = lettersOf(layout);
  const enable = layout.subgroup > 1 ? "enable subgroups;\n" : "";
  return `${heading(layout, layout.shares === 1 ? "path" : "prefix")}${enable}\
${sources(layout, listed)}${handoverSource(layout)}\
${layout.gathers ? treeSource(layout) + gatherSource(layout) : noTreeSource}
${entryPoint(layout.invocations)}
  let workgroup = workgroup_number(id, groups);
  let most = find_tracks(lane, workgroup);
  let place = place_of(lane, workgroup);
${indent(before, 2)}
  let count = select(0u, tracks[place.slot].count, place.works);
${indent(begin(layout), 2)}
  for (var t = 0u; t < most; t += TILE) {
    workgroupBarrier();
    stage_tile(lane, t);
    workgroupBarrier();
${indent(levelOne(layout, "min(t, count)"), 4)}
    let end = place.slot * TRACK_VECTORS + min(TILE, max(count, t) - t) * STEP_VECTORS;
    for (var at = place.slot * TRACK_VECTORS; at < end; at += STEP_VECTORS) {
${indent([...step, ...stepOf(share, letters)], 6)}
    }
  }
${indent(levelOne(layout, "count"), 2)}
  let together = pieces_together();
${indent(
  [...(layout.gathers ? multiplyTogether(layout) : []), ...writeWhole(layout), ...(layout.gathers ? finishEnds : [])],
  2,
)}
}
`;
}

/** Words of one letter, written over rounded ones once signatures are complete. */
const finishEnds = [
  `if (has(${u(option.ENDS)})) {`,
  "  storageBarrier();",
  "  for (var i = lane; i < TRACKS / together * CHANNELS * DEPTH; i += INVOCATIONS) {",
  "    let slot = i / (CHANNELS * DEPTH) * together;",
  "    let channel = i % CHANNELS;",
  "    let level = i / CHANNELS % DEPTH + 1u;",
  "    let number = workgroup * TRACKS + slot;",
  "    if (number < params.tracks) {",
  "      let path = tracks[slot];",
  "      out[row_of(number) + one_letter(channel, level)] = " +
    "coefficient_of_one_letter(path, path.steps, channel, level);",
  "    }",
  "  }",
  "}",
];

/** Statements that write the state after a block, by the track that has its last row. */
const writeState = (share: Share, size: number): string[] => [
  "if (rows > 0u && first_row + rows == params.rows) {",
  `  let to = place.track / params.pieces * ${u(size)};`,
  ...writeAll(share, coefficientsOf(share), "place", "to", (name, index) => `state[${index}] = ${name};`).map(
    (line) => `  ${line}`,
  ),
  "}",
];

/**
 * The kernel for signatures of every prefix: each invocation one word of the top level and all its
 * prefixes. `writesState`: of streams that are cut in time.
 */
export function streamSource(layout: Layout, writesState: boolean): string {
  const { share } = layout;
  const { before, step, letters } = lettersOf(layout);
  const size = levelOffsets(share.channels, share.depth)[share.depth + 1]!;
  return `${heading(layout, "stream")}${sources(layout, false, writesState)}${noTreeSource}
${entryPoint(layout.invocations)}
  let workgroup = workgroup_number(id, groups);
  _ = find_tracks(lane, workgroup);
  let place = place_of(lane, workgroup);
${indent(before, 2)}
  let track = tracks[place.slot];
  // Rows of the piece: past the end of a path its last one repeats.
  let first_row = place.track % params.pieces * params.piece_steps;
  let rows = select(0u, min(params.piece_steps, params.rows - first_row), place.works && first_row < params.rows);
  var row = row_of(place.track);
  let row_size = ${u(size)} + select(0u, 1u, has(${u(option.SCALAR_TERM)}));
${indent(begin(layout), 2)}
  for (var t = 0u; t < params.piece_steps; t += TILE) {
    workgroupBarrier();
    stage_tile(lane, t);
    workgroupBarrier();
    if (t < track.count) {
${indent(levelOne(layout, "t"), 6)}
    }
    var at = place.slot * TRACK_VECTORS;
    for (var r = t; r < min(t + TILE, rows); r++) {
      if (r < track.count) {
${indent([...step, ...stepOf(share, letters)], 8)}
        at += STEP_VECTORS;
      }
${indent([writeScalarTerm("row")], 6)}
${indent(writeAll(share, coefficientsOf(share), "place", "row", writeOut), 6)}
      row += row_size;
    }
  }
${writesState ? `${indent(writeState(share, size), 2)}\n` : ""}}
`;
}
