// Gradients of points where the functional does not move in time, as WGSL: depth 1 and 2, and one
// channel. The counterpart of crates/kernels/src/ops/vjp/depth_two.rs: on depth 2 ∂f/∂x_t
// = −½ Θ_2⌟(x_{t+1} − x_{t−1}), and the ends' own. An invocation has a coordinate of a point.

import { entryPoint, option } from "./params.wgsl.ts";
import { pointsSource } from "./points.wgsl.ts";
import { u } from "./text.ts";

export const depthTwoInvocations = 64;

/** Θ_2⌟(x_{t+1} − x_{t−1}): Θ_2(a c) = T(a c) − T(c a). */
const square = `
  let matrix = functional_of(path) + CHANNELS;
  for (var a = 0u; a < CHANNELS && track.steps > 0u; a++) {
    let z = coordinate(track, min(t + 1u, track.steps), a) - coordinate(track, max(t, 1u) - 1u, a);
    let theta = functional[matrix + a * CHANNELS + channel] - functional[matrix + channel * CHANNELS + a];
    g = fma(-0.5 * theta, z, g);
  }`;

/** The kernel. */
export function depthTwoSource(channels: number, depth: number): string {
  return `// path-signature gradients, channels ${channels}, depth ${depth}: a coordinate of a point an invocation. \
Written by ts/gpu/kernels/depth-two.wgsl.ts.
${pointsSource(channels, depth)}
${entryPoint(depthTwoInvocations)}
  let number = workgroup_number(id, groups) * ${u(depthTwoInvocations)} + lane;
  let channel = number % CHANNELS;
  // With a basepoint paths have a point more.
  let each = select(params.points, params.points + 1u, has(${u(option.BASEPOINT)}));
  let t = number / CHANNELS % each;
  let path = number / CHANNELS / each;
  if (path >= params.paths) { return; }
  let track = track_of(path);
  if (t > track.steps) {
    // Past its end: points that are stored stand in their order.
    let stored = select(t, t - 1u, has(${u(option.BASEPOINT)}));
    out[params.out_offset + (path * params.points + stored) * CHANNELS + channel] = 0.0;
    return;
  }
  var g = 0.0;${depth === 2 && channels > 1 ? square : ""}
  write_point(track, t, channel, g);
}
`;
}
