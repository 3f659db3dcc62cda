// Counts for a signature: sizes, useful operations, bytes. No timing here.

/** Coefficients of a signature without the scalar term: d + d² + … + d^N. */
export function signatureSize(channels, depth) {
  let size = 0;
  for (let k = 1; k <= depth; k++) size += channels ** k;
  return size;
}

/**
 * Multiply-adds of one Horner step (Kidger & Lyons 2021, section 2): Σ_{k=2..N} (N−k+1) d^k for the
 * chains, and dN for level 1 and the scaled increments. All tables call this the useful work,
 * whatever a kernel really did: a kernel that avoids part of it has a share above its actual
 * utilisation.
 */
export function hornerMultiplyAdds(channels, depth) {
  let count = channels * depth;
  for (let k = 2; k <= depth; k++) count += (depth - k + 1) * channels ** k;
  return count;
}

/** Useful floating point operations of a row: two per multiply-add of each step of each path. */
export const usefulFlop = ({ batch, points, channels, depth }) =>
  2 * batch * (points - 1) * hornerMultiplyAdds(channels, depth);

/** Bytes read and written once. */
export function trafficBytes({ batch, points, channels, depth }, bytesPerNumber = 4) {
  return batch * (points * channels + signatureSize(channels, depth)) * bytesPerNumber;
}
