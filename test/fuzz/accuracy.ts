// Accuracy in float32, against float64 on the same numbers: `auto` level by level at most three
// times as far off as Horner's scheme, gradients at most ten times as far as the adjoint of
// Horner's scheme, unless both are small. Paths that go back and forth for a part of their time are
// among them.

import { init, signature, signatureVjp } from "../../ts/index.ts";
import { random } from "../paths.ts";
import { oneOf, randomText, shrink } from "./loop.ts";
import { type Bounds, type Failure, type Part, runCases } from "./part.ts";

const kinds = [
  ...["walk", "drift", "smooth", "points", "scales", "zigzag"],
  // A line or a zigzag, and then something else; and pieces of both, anywhere.
  ...["line, walk", "half zigzag", "zigzag, line", "pieces", "pieces, line"],
] as const;

interface Case {
  readonly seed: number;
  readonly variant: "relaxed" | "simd";
  readonly gradients: boolean;
  readonly kind: (typeof kinds)[number];
  readonly channels: number;
  readonly depth: number;
  readonly length: number;
  /** Size of a step. */
  readonly size: number;
  /** Noise of a zigzag's steps, relative to them, and the part of the time that it takes. */
  readonly noise: number;
  readonly share: number;
  /** Size of a step of the line behind it. */
  readonly line: number;
}

/** As many levels as are reasonable for so many channels. */
const deepest = (channels: number): number => [0, 0, 8, 6, 5, 4, 3, 3, 3][channels] ?? 3;

/** Channels and depths of signatures that are recovered by loops (docs/pruned-walk.md). */
const large = [
  [26, 3],
  [13, 4],
  [7, 5],
  [5, 6],
] as const;

function caseOf(seed: number): Case {
  const next = random(seed);
  const channels = oneOf([2, 2, 2, 2, 3, 3, 4, 5, 8], next);
  const small: Case = {
    seed,
    variant: oneOf(["relaxed", "simd"] as const, next),
    gradients: next() < 0.5,
    kind: next() < 0.5 ? oneOf(kinds, next) : oneOf(kinds.slice(-5), next),
    channels,
    depth: Math.min(deepest(channels), 2 + Math.floor(next() * deepest(channels))),
    length: Math.floor(32 * 64 ** next()),
    size: oneOf([0.01, 0.1, 0.5, 3, 20], next),
    noise: oneOf([1, 0.5, 0.2, 0.1, 0.03, 1e-3, 1e-6], next),
    share: 0.02 + 0.96 * next(),
    line: oneOf([1e-3, 0.05, 1], next),
  };
  if (next() < 0.8) return small;
  const [many, depth] = oneOf(large, next);
  return { ...small, gradients: false, channels: many, depth, length: Math.max(96, small.length) };
}

/** The text of this function is part of scripts. */
function makePath(one: Omit<Case, "gradients" | "variant">, next: () => number): Float32Array {
  const { kind, channels, length, size, noise, share, line } = one;
  const path = new Float32Array(length * channels);
  let [isZigzag, end] = [false, 0];
  for (let i = 0; i < path.length; i++) {
    const t = Math.floor(i / channels);
    const c = i % channels;
    if (kind.startsWith("pieces") && t === end) [isZigzag, end] = [next() < share, t + 1 + Math.floor(next() * 40)];
    const before = t === 0 ? 0 : (path[i - channels] as number);
    const random = next() - 0.5;
    const isBack = kind === "zigzag" || (kind.startsWith("pieces") ? isZigzag : t < share * length);
    const turn = size * ((t % 2 ? 1 : -1) * (1 + 0.2 * c) + random * noise);
    if (kind === "points") path[i] = size * random;
    else if (kind === "smooth") path[i] = size * Math.sin((t * (c + 1 + (one.seed % 3))) / length + c);
    else if (kind === "drift") path[i] = before + (size * (random + 0.5)) / length;
    else if (kind === "scales") path[i] = before + (size * random * 4 ** (c % 3)) / Math.sqrt(length);
    else if (/zigzag|pieces/.test(kind) && isBack) path[i] = before + turn;
    else if (kind === "line, walk" ? isBack : kind.endsWith("line")) path[i] = before + line * (1 + c);
    else path[i] = before + (kind.endsWith("walk") ? size : line) * random;
  }
  return path;
}

const sizeOf = (channels: number, depth: number): number => {
  let size = 0;
  for (let k = 1; k <= depth; k++) size += channels ** k;
  return size;
};

/** The largest error in a range, and the largest number of the range. */
function compare(actual: ArrayLike<number>, exact: ArrayLike<number>, from: number, end: number) {
  let off = 0;
  let most = 0;
  let squares = 0;
  for (let i = from; i < end; i++) {
    off = Math.max(off, Math.abs((actual[i] as number) - (exact[i] as number)));
    most = Math.max(most, Math.abs(exact[i] as number));
    squares += (exact[i] as number) ** 2;
  }
  return { off, most, rms: Math.sqrt(squares / (end - from)) };
}

const ratio = (off: number, of: number): string => (off / of).toExponential(1);

const epsilon = 2 ** -24;
/**
 * Errors that are accepted in any case. Signatures: of the largest number of a level. The recovery
 * of a straight line that begins or ends inside a piece is the worst known; of ten thousand
 * coefficients the worst one is farther off than of a hundred (docs/pruned-walk.md).
 */
const ofLevel = ({ kind, channels, depth }: Case): number =>
  (kind.includes("line") ? 1024 : 64) * (sizeOf(channels, depth) > 2 ** 14 ? 4 : 1) * epsilon;
/**
 * Gradients: of the largest one, or inside of the root mean square. Beside a step that is thousands
 * of times as large as others, one gradient is a hundred times as large as the root mean square.
 */
const acceptedGradients = (depth: number) =>
  depth <= 6 ? { ofMost: 2e-5, ofRms: 3e-4 } : { ofMost: 1e-4, ofRms: 3e-3 };

function wrongWithSignature(one: Case): string | undefined {
  const { channels, depth, length } = one;
  const data = makePath(one, random(one.seed + 1));
  const shape = [length, channels];
  const exact = signature({ data: Float64Array.from(data), shape }, { depth, algorithm: "horner" }).data;
  const [auto, horner] = (["auto", "horner"] as const).map(
    (algorithm) => signature({ data, shape }, { depth, algorithm }).data,
  );
  // What a level's sums are made of: the length of the path to the power of the level.
  let way = 0;
  for (let i = channels; i < data.length; i++) way += Math.abs((data[i] as number) - (data[i - channels] as number));
  let from = 0;
  let terms = 1;
  for (let k = 1; k <= depth; k++) {
    const end = from + channels ** k;
    terms *= way / k;
    const mine = compare(auto!, exact, from, end);
    const plain = compare(horner!, exact, from, end);
    const allowed = Math.max(3 * plain.off, ofLevel(one) * mine.most, 3 * epsilon * terms * channels ** -k);
    if (!(mine.off <= allowed) && Number.isFinite(mine.most) && mine.most < 1e30)
      return `level ${k} is ${ratio(mine.off, mine.most)} of its largest off; Horner ${ratio(plain.off, mine.most)}`;
    from = end;
  }
  return undefined;
}

function wrongWithGradient(one: Case): string | undefined {
  const { channels, depth, length } = one;
  const data = makePath(one, random(one.seed + 1));
  const shape = [length, channels];
  const next = random(one.seed + 2);
  const weights = Float32Array.from({ length: sizeOf(channels, depth) }, () => next() - 0.5);
  const wide = { data: Float64Array.from(data), shape };
  const exact = signatureVjp(wide, weights, { depth, dtype: "float64" }).paths.data;
  // Streams use the adjoint of Horner's scheme.
  const last = new Float32Array((length - 1) * weights.length);
  last.set(weights, last.length - weights.length);
  const horner = signatureVjp({ data, shape }, last, { depth, stream: true }).paths.data;
  const twice = { data: Float32Array.from([...data, ...data]), shape: [2, ...shape] };
  const ways = {
    "by itself": signatureVjp({ data, shape }, weights, { depth }).paths.data,
    "in a batch": signatureVjp(twice, [...weights, ...weights], { depth }).paths.data,
  };
  const largest = exact.reduce((most, x) => Math.max(most, Math.abs(x)), 0);
  for (const [name, actual] of Object.entries(ways)) {
    for (const [what, from, end] of [
      ["inside", channels, data.length - channels],
      ["anywhere", 0, data.length],
    ] as const) {
      const mine = compare(actual, exact, from, end);
      const plain = compare(horner, exact, from, end);
      const { ofMost, ofRms } = acceptedGradients(depth);
      const least = Math.max(what === "inside" ? ofRms * mine.rms : 0, ofMost * largest);
      if (!(mine.off <= Math.max(10 * plain.off, least)) && mine.most < 1e30)
        return `gradient ${name}, ${what}: ${ratio(mine.off, mine.rms)} of RMS; Horner ${ratio(plain.off, mine.rms)}`;
    }
  }
  return undefined;
}

async function wrongWith(one: Case): Promise<string | undefined> {
  await init({ variant: one.variant });
  return one.gradients ? wrongWithGradient(one) : wrongWithSignature(one);
}

function* smaller(one: Case): Generator<Case> {
  for (const length of [Math.floor(one.length / 2), Math.floor(one.length * 0.9)])
    if (length >= 32 && length < one.length) yield { ...one, length };
  if (one.channels > 2) yield { ...one, channels: one.channels - 1 };
  if (one.depth > 2) yield { ...one, depth: one.depth - 1 };
}

const scriptOf = (one: Case, what: string): string => `// ${what}
import { init, signature, signatureVjp } from "path-signature";
${randomText}
${makePath.toString()}
const one = ${JSON.stringify(one)};
await init({ variant: one.variant });
const data = makePath(one, random(one.seed + 1)), next = random(one.seed + 2);
const { depth } = one, shape = [one.length, one.channels], wide = Float64Array.from(data);
${
  one.gradients
    ? `const weights = Float32Array.from({ length: ${sizeOf(one.channels, one.depth)} }, () => next() - 0.5);
const last = new Float32Array((one.length - 1) * weights.length);
last.set(weights, last.length - weights.length);
const exact = signatureVjp({ data: wide, shape }, weights, { depth, dtype: "float64" }).paths.data;
const actual = signatureVjp({ data, shape }, weights, { depth }).paths.data;
const horner = signatureVjp({ data, shape }, last, { depth, stream: true }).paths.data;`
    : `const exact = signature({ data: wide, shape }, { depth, algorithm: "horner" }).data;
const actual = signature({ data, shape }, { depth }).data;
const horner = signature({ data, shape }, { depth, algorithm: "horner" }).data;`
}
const off = (x) => x.reduce((most, x, i) => Math.max(most, Math.abs(x - exact[i])), 0);
console.log(off(actual), off(horner), Math.max(...exact.map(Math.abs)));
`;

export const part: Part = {
  name: "accuracy",
  quick: 300,
  few: 60,
  run: (limits: Bounds) =>
    runCases(limits, async (seed): Promise<Failure | undefined> => {
      const first = caseOf(seed);
      const wrong = await wrongWith(first);
      if (wrong === undefined) return undefined;
      const { one, what } = await shrink(first, wrong, smaller, wrongWith);
      return { seed, what: `${what}: ${JSON.stringify(one)}`, script: scriptOf(one, what) };
    }),
};
