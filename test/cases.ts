// The one table of cases: paths, options, and the form of the input. Every variant on every runtime
// runs all of them. Deterministic, and without expectations, which reference.ts computes.

import { pairsOf, type Shown } from "./level.ts";
import { makePath, type PathKind, pathKinds, random, toFloat32 } from "./paths.ts";
import { type Reference, type ReferenceOptions, referenceSignature } from "./reference.ts";

/** The form of the input. */
export type Form = "tensor" | "dims" | "plain" | "nested" | "shared" | "int16" | "bigint";

export interface Case {
  name: string;
  channels: number;
  depth: number;
  /** Points of each path. */
  lengths: readonly number[];
  /** Leading dimensions; their product is the number of paths. None: a single path. */
  lead: readonly number[];
  dtype: "float32" | "float64";
  kind: PathKind;
  seed: number;
  stream: boolean;
  inverse: boolean;
  scalarTerm: boolean;
  basepoint: "none" | "zeros" | "shared" | "each";
  initial: "none" | "shared" | "each";
  form: Form;
  out: boolean;
  algorithm: "auto" | "horner" | "pruned";
}

/** Defaults of a case. */
export const plainCase = {
  lead: [] as readonly number[],
  dtype: "float64",
  kind: "walk",
  stream: false,
  inverse: false,
  scalarTerm: false,
  basepoint: "none",
  initial: "none",
  form: "tensor",
  out: false,
  algorithm: "auto",
} satisfies Partial<Case>;

export const sizeOf = (channels: number, depth: number): number => {
  let size = 0;
  for (let k = 1; k <= depth; k++) size += channels ** k;
  return size;
};

const repeat = (length: number, batch: number): number[] => new Array(batch).fill(length);

/**
 * Shapes: every number of channels to 24 and every depth to 12 whose signature has at most this
 * many numbers.
 */
const largestSize = 15_000;
/** Approximate operations of the reference for one case. */
const mostWork = 4e6;

function shapes(): Case[] {
  const lengths = [5, 2, 3, 100, 17, 48, 49, 50, 1, 64, 101, 200];
  const cases: Case[] = [];
  for (let channels = 1; channels <= 24; channels++) {
    for (let depth = 1; depth <= 12 && sizeOf(channels, depth) <= largestSize; depth++) {
      for (const dtype of ["float32", "float64"] as const) {
        const n = cases.length;
        const batch = 1 + (n % 9); // with both dtypes and all shapes: every residue modulo the lanes
        const each = mostWork / (batch * depth * sizeOf(channels, depth));
        const wanted = lengths[n % lengths.length]!;
        const length = Math.max(2, Math.min(wanted, Math.floor(each)));
        cases.push({
          ...plainCase,
          name: `shape d=${channels} N=${depth} L=${wanted === 1 ? 1 : length} B=${batch} ${dtype}`,
          channels,
          depth,
          lengths: repeat(wanted === 1 ? 1 : length, batch),
          lead: [batch],
          dtype,
          kind: pathKinds[n % pathKinds.length]!,
          seed: n + 1,
        });
      }
    }
  }
  return cases;
}

/** All combinations of options, on small shapes that change along the way. */
function options(): Case[] {
  const small = [
    [2, 3],
    [3, 2],
    [1, 4],
    [4, 3],
    [5, 2],
    [7, 2],
    [2, 1],
    [3, 4],
  ] as const;
  const cases: Case[] = [];
  for (const stream of [false, true])
    for (const basepoint of ["none", "zeros", "shared", "each"] as const)
      for (const initial of ["none", "shared", "each"] as const)
        for (const inverse of [false, true])
          for (const scalarTerm of [false, true])
            for (const ragged of [false, true]) {
              const n = cases.length;
              // 192 combinations. 5 and 8 have no common pattern with them, so shapes, sizes and
              // options mix.
              const [channels, depth] = small[Math.floor(n / 3) % small.length]!;
              const batch = 1 + (n % 5);
              const length = [7, 60, 2, 13, 1][Math.floor(n / 5) % 5]!;
              const next = random(9000 + n);
              const lengths = repeat(length, batch).map((l) => (ragged ? 1 + Math.floor(next() * l) : l));
              const dtype = n % 7 < 4 ? "float64" : "float32";
              const words = [
                stream && "stream",
                basepoint !== "none" && `basepoint ${basepoint}`,
                initial !== "none" && `initial ${initial}`,
                inverse && "inverse",
                scalarTerm && "scalarTerm",
                ragged && "ragged",
              ].filter(Boolean);
              cases.push({
                ...plainCase,
                name: `options ${words.join(", ") || "none"}: d=${channels} N=${depth} L=${length} B=${batch} ${dtype}`,
                channels,
                depth,
                lengths,
                lead: [batch],
                dtype,
                kind: pathKinds[n % pathKinds.length]!,
                seed: 1000 + n,
                stream,
                inverse,
                scalarTerm,
                basepoint,
                initial,
                out: n % 2 === 1,
              });
            }
  return cases;
}

/** Long paths of every kind, around the lengths from which they are cut in time. */
function lengths(): Case[] {
  const table = [
    [2, 4, 1000, 3],
    [3, 3, 1000, 4],
    [1, 6, 5000, 2],
    [2, 2, 5000, 5],
    [2, 6, 600, 1],
    [4, 3, 2000, 1],
    [8, 2, 1000, 6],
    [16, 2, 4097, 1], // the last channels and length that are not cut
    [16, 2, 4098, 1], // cut in two
    [3, 3, 5000, 5], // cut in two by length
    [24, 2, 5000, 1], // cut in two by numbers
    [300, 1, 600, 2], // wide: cut by the least number of steps
  ] as const;
  return table.flatMap(([channels, depth, length, batch], n) =>
    (["float32", "float64"] as const).flatMap((dtype) =>
      pathKinds
        .filter((_, k) => k === n % pathKinds.length || k === (n + 2) % pathKinds.length)
        .map((kind) => ({
          ...plainCase,
          name: `length d=${channels} N=${depth} L=${length} B=${batch} ${kind} ${dtype}`,
          channels,
          depth,
          lengths: repeat(length, batch),
          lead: [batch],
          dtype,
          kind,
          seed: 2000 + n,
        })),
    ),
  );
}

/**
 * Calls that are cut into blocks of paths or segments of time, with the options that a cut could
 * break.
 */
function blocks(): Case[] {
  const ragged = (length: number, batch: number, seed: number): number[] => {
    const next = random(seed);
    return Array.from({ length: batch }, (_, i) => (i === 1 ? length : 1 + Math.floor(next() * length)));
  };
  const many: (Partial<Case> & Pick<Case, "name" | "channels" | "depth" | "lengths">)[] = [
    // More input than one block, all output staged.
    { name: "many paths", channels: 3, depth: 2, lengths: repeat(50, 701) },
    {
      name: "many ragged paths",
      channels: 3,
      depth: 2,
      lengths: ragged(60, 703, 1),
      basepoint: "each",
      initial: "each",
    },
    {
      name: "many nested ragged paths",
      channels: 3,
      depth: 2,
      lengths: ragged(60, 702, 2),
      form: "nested",
      inverse: true,
    },
    // More output than one block.
    { name: "much output", channels: 8, depth: 3, lengths: repeat(4, 641), initial: "each", out: true },
    {
      name: "much ragged output",
      channels: 8,
      depth: 3,
      lengths: ragged(9, 642, 3),
      initial: "shared",
      scalarTerm: true,
    },
    {
      name: "much nested output",
      channels: 8,
      depth: 3,
      lengths: ragged(9, 643, 4),
      form: "nested",
      basepoint: "each",
      out: true,
    },
    {
      name: "much stream",
      channels: 3,
      depth: 3,
      lengths: repeat(40, 301),
      stream: true,
      scalarTerm: true,
      basepoint: "each",
    },
    {
      name: "much ragged stream",
      channels: 3,
      depth: 3,
      lengths: ragged(41, 302, 5),
      stream: true,
      form: "nested",
      inverse: true,
      initial: "each",
    },
    // One signature larger than a block.
    { name: "large signature", channels: 7, depth: 5, lengths: repeat(3, 6), initial: "shared", dtype: "float64" },
  ];
  // Cut in time: 3000 points of 24 channels are two segments.
  const inTime = (["none", "each"] as const).flatMap((basepoint) =>
    (["none", "shared"] as const).flatMap((initial) =>
      [false, true].flatMap((inverse) => [
        {
          name: `cut in time, basepoint ${basepoint}, initial ${initial}${inverse ? ", inverse" : ""}`,
          channels: 24,
          depth: 2,
          lengths: [3000, 1, 2731, 2732, 1400],
          basepoint,
          initial,
          inverse,
          scalarTerm: initial === "shared",
        },
        {
          name: `stream cut in time, basepoint ${basepoint}, initial ${initial}${inverse ? ", inverse" : ""}`,
          channels: 5,
          depth: 3,
          lengths: [700, 3, 512, 1, 699, 350],
          stream: true,
          basepoint,
          initial,
          inverse,
          scalarTerm: initial === "shared",
          form: inverse ? ("nested" as const) : ("tensor" as const),
        },
      ]),
    ),
  );
  return [...many, ...inTime].flatMap((one, n) =>
    (["float32", "float64"] as const).map((dtype) => ({
      ...plainCase,
      lead: [one.lengths.length],
      kind: pathKinds[n % pathKinds.length]!,
      seed: 3000 + n,
      ...one,
      dtype,
      name: `blocks: ${one.name}, ${dtype}`,
    })),
  );
}

/**
 * Each kernel forced by name: shapes of all kinds, paths on both sides of every threshold of
 * `auto`.
 */
function algorithms(): Case[] {
  const table = [
    [2, 2, 300],
    [2, 4, 150],
    [2, 5, 300],
    [2, 6, 400],
    [2, 8, 90],
    [3, 3, 120],
    [3, 5, 300],
    [4, 3, 90],
    [4, 4, 200],
    [5, 4, 130],
    [6, 3, 60],
    [7, 2, 47],
    [8, 3, 99],
    [9, 2, 48],
    [9, 3, 20],
    [11, 3, 5],
    [16, 2, 200],
    [23, 2, 77],
  ] as const;
  return (["horner", "pruned"] as const).flatMap((algorithm) =>
    (["float32", "float64"] as const).flatMap((dtype) =>
      table.map(([channels, depth, length], n) => ({
        ...plainCase,
        name: `${algorithm} d=${channels} N=${depth} L=${length} ${dtype}`,
        channels,
        depth,
        // Full lanes, a single path, and paths that end early, one of a single point.
        lengths: [length, length, length - 1, length, Math.ceil(length / 2), 1, length],
        lead: [7],
        dtype,
        // Recovery amplifies rounding errors on drifting paths: bench/ measures that, and it is not
        // bounded here.
        kind: "walk" as const,
        seed: 5000 + n,
        inverse: n % 4 === 1,
        basepoint: n % 3 === 1 ? ("each" as const) : ("none" as const),
        initial: n % 5 === 2 ? ("each" as const) : ("none" as const),
        algorithm,
      })),
    ),
  );
}

/** Forms of input, and shapes of batches. */
function forms(): Case[] {
  const all: Form[] = ["tensor", "dims", "plain", "nested", "shared", "int16", "bigint"];
  const base = { ...plainCase, channels: 3, depth: 3, seed: 4000 };
  return (["float32", "float64"] as const).flatMap((dtype) => [
    ...all.map((form) => ({ ...base, name: `form ${form}, one path, ${dtype}`, lengths: [9], form, dtype })),
    ...all.map((form) => ({
      ...base,
      name: `form ${form}, ragged batch, ${dtype}`,
      lengths: [9, 4, 1, 30, 2, 30],
      lead: [6],
      form,
      dtype,
      stream: form === "nested",
      basepoint: "each" as const,
    })),
    {
      ...base,
      name: `two leading dimensions, ${dtype}`,
      lengths: [5, 5, 5, 5, 5, 5],
      lead: [3, 2],
      dtype,
      initial: "each",
    },
    { ...base, name: `leading dimensions of one, ${dtype}`, lengths: [5], lead: [1, 1, 1], dtype, stream: true },
    { ...base, name: `no paths, ${dtype}`, lengths: [], lead: [0], dtype },
    { ...base, name: `no paths, stream, ${dtype}`, lengths: [], lead: [2, 0], dtype, stream: true, scalarTerm: true },
  ]);
}

export const cases: readonly Case[] = [
  ...shapes(),
  ...options(),
  ...lengths(),
  ...blocks(),
  ...algorithms(),
  ...forms(),
];

/** Properties of a case that do not depend on how it is computed. */
export function optionsOf({ algorithm, basepoint, initial, inverse, lengths, scalarTerm, stream }: Case) {
  const ragged = lengths.some((length) => length !== lengths[0]);
  return { algorithm, basepoint, initial, inverse, ragged, scalarTerm, stream };
}

/** Default features of a case, without knowledge of kernels. */
export function shownByCase(one: Case): Shown {
  const { channels, depth, dtype, form, lengths, name } = one;
  const lanes = `lanes ${lengths.length % 4} ${dtype}`;
  const group = name.split(/[ :]/)[0]!;
  return {
    features: [...pairsOf({ group, dtype, ...optionsOf(one) }), lanes, `form ${form}`, `shape ${channels} ${depth}`],
  };
}

/** Length of the paths of an empty batch, and the least padded length of any batch. */
const paddedLength = (one: Case): number => Math.max(1, ...(one.lengths.length === 0 ? [4] : one.lengths));

/** A case's paths and other inputs, as plain numbers that its number type represents exactly. */
export interface Material {
  paths: number[][][];
  basepoints: number[][] | undefined;
  initials: number[][] | undefined;
}

export function material(one: Case): Material {
  const { channels, depth, lengths, dtype, seed } = one;
  const next = random(seed);
  const integers = one.form === "int16" || one.form === "bigint";
  const round = dtype === "float32" ? Math.fround : (x: number) => x;
  const path = (length: number): number[][] => {
    const points = makePath(one.kind, length, channels, next);
    if (integers) return points.map((point) => point.map((x) => Math.round(8 * x)));
    return dtype === "float32" ? toFloat32(points) : points;
  };
  const each = (which: "none" | "zeros" | "shared" | "each", make: () => number[]): number[][] | undefined => {
    if (which === "none") return undefined;
    const shared = make().map(round);
    return lengths.map((_, i) => (which === "each" && i > 0 ? make().map(round) : shared));
  };
  const paths = lengths.map(path);
  const point = () => Array.from({ length: channels }, () => (one.basepoint === "zeros" ? 0 : next() - 0.5));
  const signature = () => referenceSignature(makePath("walk", 5, channels, next), { depth }).rows[0]!;
  return { paths, basepoints: each(one.basepoint, point), initials: each(one.initial, signature) };
}

type TypedArray = Float32Array | Float64Array | Int16Array | BigInt64Array;

/** Rows of a result: a stream of a path of one point has none. */
export function rowsOf(one: Case): number {
  if (!one.stream) return 1;
  return paddedLength(one) - (one.basepoint === "none" ? 1 : 0);
}

/** The arguments of `signature` for a case. */
export function callOf(one: Case, { paths, basepoints, initials }: Material) {
  const { channels, depth, lengths, lead, dtype, stream, inverse, scalarTerm, form } = one;
  const points = paddedLength(one);
  const floats = (numbers: number[]) => (dtype === "float32" ? Float32Array.from(numbers) : Float64Array.from(numbers));
  const ragged = lengths.some((length) => length !== points);
  const integers = form === "int16" || form === "bigint";

  // Points after a path's end must not be read: they are NaN.
  const poison = integers ? 9999 : Number.NaN;
  const flat = () =>
    paths.flatMap((path) => [...path.flat(), ...new Array((points - path.length) * channels).fill(poison)] as number[]);
  const shape = [...lead, points, channels];
  const given = (): unknown => {
    switch (form) {
      case "tensor":
        return { data: floats(flat()), shape };
      case "dims":
        return { data: floats(flat()), dims: Int32Array.from(shape) };
      case "plain":
        return { data: flat(), shape };
      case "nested":
        return lead.length === 0 ? paths[0] : paths;
      case "shared": {
        const numbers = flat();
        // A view that neither begins nor ends where its buffer does.
        const bytes = dtype === "float32" ? 4 : 8;
        const buffer = new SharedArrayBuffer((numbers.length + 3) * bytes);
        const data =
          dtype === "float32"
            ? new Float32Array(buffer, bytes, numbers.length)
            : new Float64Array(buffer, bytes, numbers.length);
        data.set(numbers);
        return { data, shape };
      }
      case "int16":
        return { data: Int16Array.from(flat()), shape };
      case "bigint":
        return { data: BigInt64Array.from(flat().map(BigInt)) as TypedArray, shape };
    }
  };

  const size = sizeOf(channels, depth);
  const row = scalarTerm ? size + 1 : size;
  const resultShape = [...lead, ...(stream ? [rowsOf(one)] : []), row];
  const options: Record<string, unknown> = { depth };
  if (stream) options.stream = true;
  if (inverse) options.inverse = true;
  if (scalarTerm) options.scalarTerm = true;
  if (one.basepoint === "zeros") options.basepoint = true;
  if (one.basepoint === "shared") options.basepoint = basepoints![0] ?? new Array(channels).fill(0);
  if (one.basepoint === "each") options.basepoint = { data: floats(basepoints!.flat()), shape: [...lead, channels] };
  if (one.initial === "shared") options.initial = floats(initials![0]!);
  if (one.initial === "each") {
    // With a scalar term in the result, `initial` may have one too.
    const term = scalarTerm ? [1] : [];
    options.initial = {
      data: floats(initials!.flatMap((i) => [...term, ...i])),
      shape: [...lead, size + term.length],
    };
  }
  if (ragged && form !== "nested") options.lengths = Uint32Array.from(lengths);
  if (form !== "tensor" && form !== "dims" && form !== "shared") options.dtype = dtype;
  if (one.algorithm !== "auto") options.algorithm = one.algorithm;
  const count = resultShape.reduce((a, b) => a * b, 1);
  if (one.out) options.out = dtype === "float32" ? new Float32Array(count) : new Float64Array(count);
  return { paths: given(), options, shape: resultShape };
}

/** What the references of a case are given beside the points, for each path. */
export const referenceOptionsOf = (one: Case, { basepoints, initials }: Material): ReferenceOptions[] =>
  one.lengths.map((_, i) => ({
    depth: one.depth,
    stream: one.stream,
    basepoint: basepoints?.[i],
    initial: initials?.[i],
    inverse: one.inverse,
    scalarTerm: one.scalarTerm,
  }));

/** The reference result for each path of a case. */
export function referencesOf(one: Case, made: Material): Reference[] {
  const options = referenceOptionsOf(one, made);
  return made.paths.map((points, i) => referenceSignature(points, options[i]!));
}
