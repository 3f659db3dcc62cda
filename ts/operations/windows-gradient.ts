// Gradients of windows: a point that several windows have gets the sum, in float64 and in the order
// of the windows, so that its bits do not depend on threads.

import { FLOAT32, type Numbers } from "../input/arrays.ts";
import { type Call, lengthOf } from "../input/call.ts";
import type { WindowsOf } from "../input/read-paths.ts";
import type { GradientTensor } from "../input/tensor.ts";
import { tensorOf } from "./rows-gradient.ts";

const converted = ({ dtype }: Call, sums: Float64Array): Numbers =>
  dtype === FLOAT32 ? Float32Array.from(sums) : sums;

/** From (…batch, windows, points, channels) to the points of the paths. */
export function pointsOfWindows(call: Call, gradients: Numbers): Numbers {
  const { channels, points, paths } = call;
  const { of, counts, perPath } = paths.windows as WindowsOf;
  const sums = new Float64Array(of.batch * of.points * channels);
  for (let path = 0; path < of.batch; path++) {
    const first = of.starts?.[path] ?? path * of.points;
    for (let k = 0; k < (counts[path] as number); k++) {
      const window = path * perPath + k;
      const from = window * points * channels;
      const to = (path * of.points + (paths.starts as Float64Array)[window]! - first) * channels;
      const count = lengthOf(call, window) * channels;
      for (let i = 0; i < count; i++) sums[to + i]! += gradients[from + i] as number;
    }
  }
  return gradients instanceof Float32Array ? Float32Array.from(sums) : sums;
}

/** From the basepoints of windows to those of paths, or to the one that they share. */
export function basepointOfWindows(call: Call, { data, shape }: GradientTensor): GradientTensor | undefined {
  const { of, counts, perPath, basepoint } = call.paths.windows as WindowsOf;
  if (basepoint === "none") return undefined;
  // Already summed up: no path lacks a window.
  if (shape.length === 1) return tensorOf(data, shape);
  const d = call.channels;
  const isShared = basepoint === "shared";
  const sums = new Float64Array(isShared ? d : of.batch * d);
  for (let path = 0; path < of.batch; path++) {
    for (let k = 0; k < (counts[path] as number); k++) {
      for (let c = 0; c < d; c++) sums[(isShared ? 0 : path * d) + c]! += data[(path * perPath + k) * d + c] as number;
    }
  }
  return tensorOf(converted(call, sums), isShared ? [d] : [...of.lead, d]);
}
