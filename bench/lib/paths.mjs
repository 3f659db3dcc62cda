// Paths to measure on: deterministic, the same numbers on every machine and for every peer, rounded
// to float32. The kinds differ in their effect on rounding: see the comment of each.

import { writeFileSync } from "node:fs";
import { join } from "node:path";

/**
 * Uniform pseudo-random numbers in [0, 1) from a 32-bit seed: a Weyl sequence through a murmur
 * finaliser.
 */
export function uniform(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x9e3779b9) >>> 0;
    let x = state;
    x = Math.imul(x ^ (x >>> 16), 0x85ebca6b);
    x = Math.imul(x ^ (x >>> 13), 0xc2b2ae35);
    return ((x ^ (x >>> 16)) >>> 0) / 2 ** 32;
  };
}

/** Whole numbers from `from` to `to`, even in their logarithms. */
export const logarithmic = (random, from, to) => Math.floor(from * ((to + 1) / from) ** random());

/** Standard normal numbers by the Box–Muller transform. */
function normal(random) {
  let spare = Number.NaN;
  return () => {
    if (!Number.isNaN(spare)) {
      const z = spare;
      spare = Number.NaN;
      return z;
    }
    const radius = Math.sqrt(-2 * Math.log(1 - random()));
    const angle = 2 * Math.PI * random();
    spare = radius * Math.sin(angle);
    return radius * Math.cos(angle);
  };
}

/** A walk from the origin with increments `step(t, c)`. */
function walk(path, points, channels, step) {
  for (let c = 0; c < channels; c++) path[c] = 0;
  for (let t = 1; t < points; t++) {
    for (let c = 0; c < channels; c++) path[t * channels + c] = path[(t - 1) * channels + c] + step(t, c);
  }
}

/**
 * Kinds of paths. Each writes one path of `points` × `channels` numbers. Random increments have a
 * size of 1/√points, so that a path has a size of about 1 and no level vanishes or overflows.
 */
export const kinds = {
  /** Independent increments: rounding errors average out. */
  "random walk": (path, points, channels, { gauss }) => walk(path, points, channels, () => gauss() / Math.sqrt(points)),
  /**
   * A walk on top of a steady drift in every channel: coefficients grow in one direction, and
   * errors accumulate.
   */
  drift: (path, points, channels, { gauss }) =>
    walk(path, points, channels, (_, c) => gauss() / Math.sqrt(points) + (3 + c) / points),
  /** Every channel is increasing. */
  monotone: (path, points, channels, { random }) => walk(path, points, channels, () => (2 * random()) / points),
  /** The first channel is time, the others walk: the usual augmentation. */
  "time channel": (path, points, channels, { gauss }) =>
    walk(path, points, channels, (_, c) => (c === 0 ? 1 / (points - 1) : gauss() / Math.sqrt(points))),
  /** A walk that returns to its start: level 1 is nothing but rounding errors. */
  "closed loop": (path, points, channels, { gauss }) => {
    walk(path, points, channels, () => gauss() / Math.sqrt(points));
    const end = path.slice((points - 1) * channels, points * channels);
    for (let t = 0; t < points; t++)
      for (let c = 0; c < channels; c++) path[t * channels + c] -= (end[c] * t) / (points - 1);
    for (let c = 0; c < channels; c++) path[(points - 1) * channels + c] = 0;
  },
  /** Three turns of a closed smooth curve. */
  "smooth loop": (path, points, channels) => {
    for (let t = 0; t < points; t++) {
      const angle = (6 * Math.PI * t) / (points - 1);
      for (let c = 0; c < channels; c++)
        path[t * channels + c] = Math.sin(((c >> 1) + 1) * angle + (c % 2 ? 0.5 * Math.PI : 0));
    }
  },
  /** A walk with channels of sizes from 30 down to 1/30. */
  "channels of different scale": (path, points, channels, { gauss }) =>
    walk(
      path,
      points,
      channels,
      (_, c) => (30 ** (1 - (2 * c) / Math.max(1, channels - 1)) * gauss()) / Math.sqrt(points),
    ),
  /** Back and forth: large increments that nearly cancel. */
  zigzag: (path, points, channels, { gauss }) =>
    walk(path, points, channels, (t, c) => (t % 2 ? 1 : -1) * (0.5 + 0.1 * c) + gauss() / points),
  /** Every channel a multiple of one walk: each level is a power of level 1. */
  collinear: (path, points, channels, { gauss }) => {
    walk(path, points, 1, () => gauss() / Math.sqrt(points));
    const line = path.slice(0, points);
    for (let t = 0; t < points; t++)
      for (let c = 0; c < channels; c++) path[t * channels + c] = (1 - 0.3 * (c % 4)) * line[t];
  },
  /** Constant except for a few jumps. */
  jumps: (path, points, channels, { random, gauss }) =>
    walk(path, points, channels, () => (random() < 8 / points ? 0.5 * gauss() : 0)),
};

/** `batch` paths of one kind as a Float32Array of (batch, points, channels). */
export function makePaths(kind, { batch, points, channels }, seed = 1) {
  const data = new Float32Array(batch * points * channels);
  const random = uniform(seed);
  const source = { random, gauss: normal(random) };
  const path = new Float64Array(points * channels);
  for (let b = 0; b < batch; b++) {
    kinds[kind](path, points, channels, source);
    data.set(path, b * path.length);
  }
  return data;
}

/** Integer lengths drawn uniformly from [points/2, points], one per path. */
export function makeLengths({ batch, points }, seed = 2) {
  const random = uniform(seed);
  const least = points >> 1;
  return Uint32Array.from({ length: batch }, () => least + Math.floor(random() * (points - least + 1)));
}

/** Numbers as a raw file in the machine's byte order, which both sides read. */
export const writeRaw = (file, data) =>
  writeFileSync(file, new Uint8Array(data.buffer, data.byteOffset, data.byteLength));

/** Cotangents as a raw file: numbers of size one, the same for all contestants. */
export function writeCotangents(folder, count) {
  const cotangentsFile = join(folder, `cotangents-${count}.f32`);
  writeRaw(
    cotangentsFile,
    Float32Array.from({ length: count }, (_, i) => Math.sin(1.7 * i + 0.3)),
  );
  return { cotangentsFile };
}
