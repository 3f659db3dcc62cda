// Computes with the published library, away from the page's thread.

import {
  augmentedNames,
  info,
  init,
  logSignature,
  logSignatureLabels,
  signature,
  signatureSize,
  signatureVjp,
  words,
} from "path-signature/slim";
import { augmentOf, names } from "./augment.ts";
import type {
  Answers,
  Binaries,
  CompareAnswer,
  CompareQuestion,
  Drawing,
  FromWorker,
  Kind,
  PathAnswer,
  PathQuestion,
  Question,
  Recording,
  ToWorker,
  WindowsAnswer,
  WindowsQuestion,
} from "./messages.ts";
import { loadedHere } from "./offline.ts";

const post = (message: FromWorker) => postMessage(message);

const tensor = ({ points }: Drawing) => ({ data: points, shape: [points.length / 2, 2] });
const tensorOf = ({ data, channels }: Recording) => ({ data, shape: [data.length / channels, channels] });

/** For each level, how much of the larger signature changed. */
function changes(a: Float64Array, b: Float64Array, channels: number, depth: number): number[] {
  const norm = (numbers: Float64Array) => Math.hypot(...numbers);
  const found: number[] = [];
  let start = 0;
  for (let k = 1; k <= depth; k++) {
    const end = start + channels ** k;
    const [x, y] = [a.subarray(start, end), b.subarray(start, end)];
    const size = Math.max(norm(x), norm(y));
    found.push(size === 0 ? 0 : norm(x.map((value, i) => value - (y[i] as number))) / size);
    start = end;
  }
  return found;
}

function path({ drawing, before, depth, toggles, word }: PathQuestion): PathAnswer {
  const start = performance.now();
  const paths = tensor(drawing);
  const augment = augmentOf(toggles, drawing.times);
  const channels = augmentedNames(names, augment);
  const options = { depth, augment };
  const { data } = signature(paths, options);
  const log = logSignature(paths, { ...options, basis: "lyndon" });
  const plain = signature(paths, { depth: 2 });
  let gradient: Float64Array | undefined;
  if (word !== undefined && word.length <= depth && word.every((letter) => letter < channels.length)) {
    const cotangent = new Float64Array(data.length);
    cotangent[indexOf(word, channels.length)] = 1;
    gradient = signatureVjp(paths, cotangent, options).paths.data;
  }
  const other = before && signature(tensor(before), { depth, augment: augmentOf(toggles, before.times) }).data;
  return {
    names: channels,
    depth,
    signature: data,
    logSignature: log.data,
    logWords: logSignatureLabels(channels.length, depth, "lyndon").map(({ word }) => [...word]),
    area: (Number(plain.at([0, 1])) - Number(plain.at([1, 0]))) / 2,
    gradient,
    change: other && changes(data, other, channels.length, depth),
    milliseconds: performance.now() - start,
  };
}

/** The place of a word: below it are all shorter words. */
const indexOf = (word: readonly number[], channels: number) =>
  (word.length > 1 ? signatureSize(channels, word.length - 1) : 0) +
  word.reduce((index, letter) => index * channels + letter, 0);

function windows({ recording, length, step, depth }: WindowsQuestion): WindowsAnswer {
  const start = performance.now();
  const { data, shape } = signature(tensorOf(recording), { depth, windows: { type: "sliding", length, step } });
  const [count = 0, size = 0] = shape;
  const milliseconds = performance.now() - start;
  return { windows: count, size, words: words(recording.channels, depth).map((word) => [...word]), data, milliseconds };
}

let binaries: Binaries;
/** Settles when the library can be called. */
let loaded: Promise<unknown> | undefined;

let kernels: Promise<typeof import("path-signature/kernels/slim")> | undefined;

async function loadKernels() {
  const library = await import("path-signature/kernels/slim");
  await library.init(fetch(binaries[`kernels-${library.info().variant as "relaxed" | "simd"}`]));
  return library;
}

/** All windows of a recording, as a batch of paths. */
function batch({ data, channels }: Recording, length: number, step: number) {
  const count = Math.floor((data.length / channels - length) / step) + 1;
  const all = new Float64Array(count * length * channels);
  for (let i = 0; i < count; i++) {
    const from = i * step * channels;
    all.set(data.subarray(from, from + length * channels), i * length * channels);
  }
  return { data: all, shape: [count, length, channels] };
}

/** The mean length of paths of a batch. */
function meanLength({ data, shape }: { data: Float64Array; shape: readonly number[] }): number {
  const [count = 1, length = 0, channels = 1] = shape;
  let sum = 0;
  for (let i = 0; i < count; i++) {
    for (let t = 1; t < length; t++) {
      let square = 0;
      for (let c = 0; c < channels; c++) {
        const place = (i * length + t) * channels + c;
        square += ((data[place] as number) - (data[place - channels] as number)) ** 2;
      }
      sum += Math.sqrt(square);
    }
  }
  return sum / count;
}

/** Kernels of long paths grow like exponentials, and normalised ones then vanish. */
const usualLength = 2;

async function compare({ first, second, length, step }: CompareQuestion): Promise<CompareAnswer> {
  kernels ??= loadKernels();
  const { signatureKernelGram } = await kernels;
  const start = performance.now();
  const [x, y] = [batch(first, length, step), batch(second, length, step)];
  const scale = usualLength / (meanLength(x) || 1);
  for (const { data } of [x, y]) for (const [i, value] of data.entries()) data[i] = value * scale;
  const { data, shape } = signatureKernelGram(x, y, { normalize: true });
  return { data, shape: [shape[0] ?? 0, shape[1] ?? 0], milliseconds: performance.now() - start };
}

let gestures: Promise<typeof import("./gestures.ts")> | undefined;
const loadGestures = () => (gestures ??= import("./gestures.ts"));

async function answer(question: Question): Promise<Answers[Kind]> {
  switch (question.kind) {
    case "path":
      return path(question);
    case "windows":
      return windows(question);
    case "compare":
      return compare(question);
    case "learn":
      return (await loadGestures()).learn(question);
    case "guess":
      return (await loadGestures()).guess(question);
  }
}

const textOf = (error: unknown) => (error instanceof Error ? error.message : String(error));

addEventListener("message", async ({ data }: MessageEvent<ToWorker>) => {
  if ("binaries" in data) {
    binaries = data.binaries;
    try {
      loaded = init(fetch(binaries[info().variant as "relaxed" | "simd"]));
      await loaded;
      post({ ready: info().version });
    } catch (error) {
      post({ id: undefined, error: textOf(error) });
    }
    return;
  }
  if ("loadAll" in data) {
    kernels ??= loadKernels();
    await Promise.all([kernels, loadGestures()]).catch(() => undefined);
    post({ loadedAll: loadedHere() });
    return;
  }
  try {
    await loaded;
    post({ id: data.id, answer: await answer(data.question) });
  } catch (error) {
    post({ id: data.id, error: textOf(error) });
  }
});
