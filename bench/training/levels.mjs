// The baseline layer in TensorFlow.js: signatures level by level, parallel over time, as in Keras
// Sig's paper (Genet & Inzirillo 2025), written in ops. Depth 2 or 3. Uses nothing of the library.

import { add, cumsum, div, mul, reshape, slice, sub, sum, transpose } from "@tensorflow/tfjs-core";

/** x ⊗ z over time: (batch, steps, m) and (batch, steps, d) to (batch, steps, m d). */
function outer(x, z) {
  const [batch, steps, m] = x.shape;
  const d = z.shape[2];
  return reshape(mul(reshape(x, [batch, steps, m, 1]), reshape(z, [batch, steps, 1, d])), [batch, steps, m * d]);
}

/**
 * The prefix sum before each step, without the step itself. Along the last axis, because the
 * gradient of tfjs 4.22's cumsum is transposed along any other.
 */
const before = (terms) => transpose(cumsum(transpose(terms, [0, 2, 1]), 2, true), [0, 2, 1]);

/** (batch, length, channels) to the levels, each (batch, channels^k). */
export function levels(path, depth) {
  const [batch, length, channels] = path.shape;
  const rest = [batch, length - 1, channels];
  const z = sub(slice(path, [0, 1, 0], rest), slice(path, [0, 0, 0], rest));
  const one = before(z);
  const two = outer(add(one, div(z, 2)), z);
  if (depth === 2) return [sum(z, 1), sum(two, 1)];
  const three = outer(add(before(two), outer(add(div(one, 2), div(z, 6)), z)), z);
  return [sum(z, 1), sum(two, 1), sum(three, 1)];
}
