// What the service would run without the library: signatures in carefully written plain JavaScript
// (Horner's scheme over typed arrays). The benchmark substitutes it for the library to compare the
// two. Nothing else uses it, and it supports only what the benchmark sends.

interface Input {
  readonly data: Float32Array | Float64Array;
  readonly shape: readonly number[];
}

export function signatureSize(channels: number, depth: number, options: { scalarTerm?: boolean } = {}): number {
  let size = options.scalarTerm ? 1 : 0;
  for (let k = 1; k <= depth; k++) size += channels ** k;
  return size;
}

export const isPathSignatureError = (_error: unknown): boolean => false;

/** Multiplies the signature by the exponential of one step, level by level from the top. */
function addStep(
  signature: Float64Array,
  starts: readonly number[],
  step: Float64Array,
  scratch: readonly [Float64Array, Float64Array],
): void {
  const d = step.length;
  for (let k = starts.length - 1; k >= 1; k--) {
    let [now, next] = scratch;
    for (let i = 0; i < d; i++) now[i] = (step[i] as number) / k;
    for (let j = 1, count = d; j < k; j++, count *= d) {
      const level = starts[j] as number;
      const scale = 1 / (k - j);
      for (let i = 0, at = 0; i < count; i++) {
        const value = ((now[i] as number) + (signature[level + i] as number)) * scale;
        for (let c = 0; c < d; c++, at++) next[at] = value * (step[c] as number);
      }
      [now, next] = [next, now];
    }
    const level = starts[k] as number;
    for (let i = 0; i < d ** k; i++) signature[level + i] = (signature[level + i] as number) + (now[i] as number);
  }
}

export function signature(paths: Input | readonly (readonly number[])[], options: { depth: number }) {
  const { depth } = options;
  const nested = Array.isArray(paths);
  const { data, shape } = nested
    ? { data: Float64Array.from(paths.flat()), shape: [paths.length, (paths[0] as readonly number[]).length] }
    : (paths as Input);
  const [channels = 0, points = 0, batch = 1] = [...shape].reverse();
  const size = signatureSize(channels, depth);
  const starts = [0, ...Array.from({ length: depth }, (_, k) => signatureSize(channels, k))];
  const scratch = [new Float64Array(channels ** depth), new Float64Array(channels ** depth)] as const;
  const single = data instanceof Float32Array;
  const out = single ? new Float32Array(batch * size) : new Float64Array(batch * size);
  const step = new Float64Array(channels);
  for (let b = 0; b < batch; b++) {
    const running = new Float64Array(size);
    for (let t = 1, at = b * points * channels; t < points; t++, at += channels) {
      for (let c = 0; c < channels; c++) step[c] = (data[at + channels + c] as number) - (data[at + c] as number);
      addStep(running, starts, step, scratch);
    }
    out.set(running, b * size);
  }
  const lead = shape.length === 2 ? [] : [batch];
  return { data: out, shape: [...lead, size], dtype: single ? "float32" : "float64", channels, depth, stream: false };
}
