// An independent reference signature: plain one-pass Horner, step by step, path by path, in
// JavaScript numbers. Slow and simple.

import { signatureSize } from "./counts.mjs";

const double = (x) => x;

/**
 * The signature of one path, in float64, or rounded to float32 after every operation (no fused
 * multiply-adds) with `round = Math.fround`. Step z: for k = N…1, u = z/k, then u = (u + S_i) ⊗
 * z/(k−i) for i = 1…k−1, S_k += u (Kidger & Lyons 2021, section 2).
 * @param {ArrayLike<number>} path points × channels numbers
 * @returns {Float64Array} the levels 1…depth, each in row-major order of words
 */
export function onePassHorner(path, channels, depth, round = double) {
  const signature = new Float64Array(signatureSize(channels, depth));
  const level = []; // where level k starts
  for (let k = 1, at = 0; k <= depth; k++) {
    level[k] = at;
    at += channels ** k;
  }
  const size = channels ** depth;
  let u = new Float64Array(size);
  let next = new Float64Array(size);
  const z = new Float64Array(channels);
  const scaled = Array.from({ length: depth + 1 }, () => new Float64Array(channels));
  const points = path.length / channels;
  for (let t = 1; t < points; t++) {
    for (let c = 0; c < channels; c++) {
      z[c] = round(path[t * channels + c] - path[(t - 1) * channels + c]);
      for (let k = 1; k <= depth; k++) scaled[k][c] = round(z[c] / k);
    }
    for (let k = depth; k >= 1; k--) {
      u.set(scaled[k]);
      let words = channels;
      for (let i = 1; i < k; i++) {
        const by = scaled[k - i];
        for (let w = 0; w < words; w++) {
          const sum = round(u[w] + signature[level[i] + w]);
          const to = w * channels;
          for (let c = 0; c < channels; c++) next[to + c] = round(sum * by[c]);
        }
        [u, next] = [next, u];
        words *= channels;
      }
      for (let w = 0; w < words; w++) signature[level[k] + w] = round(signature[level[k] + w] + u[w]);
    }
  }
  return signature;
}

/**
 * The size to which errors of each level are relative: the level's largest coefficient or, where a
 * level cancels to less (level 1 of a closed loop), that of a straight path to the point farthest
 * from the start.
 */
export function levelScales(path, channels, depth, signature) {
  let reach = 0;
  for (let i = channels; i < path.length; i++) reach = Math.max(reach, Math.abs(path[i] - path[i % channels]));
  const scales = [];
  let straight = 1;
  for (let k = 1, at = 0; k <= depth; k++) {
    straight *= reach / k;
    let largest = 0;
    for (const end = at + channels ** k; at < end; at++) largest = Math.max(largest, Math.abs(signature[at]));
    scales.push(Math.max(largest, straight, Number.MIN_VALUE));
  }
  return scales;
}

/** The largest error of each level, relative to `scales`. */
export function levelErrors(signature, reference, scales, channels) {
  let at = 0;
  return scales.map((scale, index) => {
    let largest = 0;
    for (const end = at + channels ** (index + 1); at < end; at++) {
      const error = Math.abs(signature[at] - reference[at]);
      // Not "largest < error", so that NaN fails.
      if (!(error <= largest)) largest = error;
    }
    return largest / scale;
  });
}
