// What augmentations compute: from a piece of a path that comes in to a piece of the one that goes
// out, and from gradients of what goes out back. Numbers are computed in float64 and rounded once
// where they are stored; sums along the path are kept in float64.

import { EXPAND_LAG_FIRST, EXPAND_LEAD_LAG } from "../../wasm/abi.ts";
import type { Numbers } from "../arrays.ts";
import { copyColumns, copyPairs, wordsOf, wordsPer } from "./copy.ts";

/** A step of a list of augmentations. */
export interface Layer {
  /** Channels that come in, and that go out. */
  readonly from: number;
  readonly to: number;
  /** Whether a piece depends on all points before it, or on the piece that was written last. */
  readonly goesOn?: boolean;
  /** Option bits with which the thread of the kernel does it; absent: only staging does. */
  readonly bits?: number;
  /** Points that go out where n come in. */
  points(n: number): number;
  /**
   * The points that come in, [first, end), on which those that go out, [from, end), depend. Each
   * bound is that of one point.
   */
  first(from: number, n: number, path: number): number;
  end(end: number, n: number): number;
  /**
   * Writes points [from, end) to `out[at…]`. `input` begins with point `first`.
   * @param n - points of the whole path that comes in
   */
  write(
    input: Numbers,
    first: number,
    n: number,
    from: number,
    end: number,
    out: Numbers,
    at: number,
    path: number,
  ): void;
  /** Whether `adjoint` writes each number once, so that `to` may be of either type. */
  readonly once?: boolean;
  /**
   * Adds to the gradient of a whole path of n points, `to[at…]`, what that of its output amounts
   * to.
   */
  adjoint(gradient: Numbers, n: number, to: Numbers, at: number): void;
  /** Names of the channels that go out. */
  names(names: readonly string[]): string[];
}

const same = (n: number): number => n;

/** A number of a channel that is added, at point t of a path of n points. */
export type ValueAt = (t: number, n: number, path: number) => number;

/** What {@link rows} does. */
export interface Rows {
  readonly channels: number;
  /** Name of the channel that is added behind the others. */
  readonly name?: string;
  readonly value?: ValueAt;
  /** Points ahead of the path and behind it, at which the channel is 0. */
  readonly ahead?: number;
  readonly behind?: number;
  /** Option bits, as those of the layer. */
  readonly bits?: number;
  /** The outermost of these points. Of two, the other one is the end of the path. */
  readonly outer?: ArrayLike<number>;
}

/** Writes gradients of n points of `stride` numbers each to those of `d` numbers each. */
function narrow(gradient: Numbers, from: number, stride: number, d: number, n: number, to: Numbers, at: number): void {
  if (stride === d) {
    to.set(gradient.subarray(from, from + n * d), at);
  } else if (gradient.BYTES_PER_ELEMENT === to.BYTES_PER_ELEMENT) {
    const w = wordsPer(to);
    const source = wordsOf(gradient, 0, gradient.length);
    copyColumns(source, from * w, stride * w, wordsOf(to, at, n * d), 0, d * w, d * w, n);
  } else {
    for (let t = 0, i = from, k = at; t < n; t++, i += stride)
      for (let c = 0; c < d; c++) to[k++] = gradient[i + c] as number;
  }
}

/** Points as they are, with a channel more or points more. */
export function rows({ channels: d, name, value, bits = 0, ahead = 0, behind = 0, outer }: Rows): Layer {
  const to = value === undefined ? d : d + 1;
  /** The point that point m is a copy of; −1: the outer one. */
  const copied = (m: number, n: number): number => {
    const t = m - ahead;
    if (t >= 0 && t < n) return t;
    const isOuter = t < 0 ? m === 0 : t === n + behind - 1;
    return isOuter ? -1 : t < 0 ? 0 : n - 1;
  };
  const within = (t: number, n: number): number => Math.min(Math.max(t - ahead, 0), n - 1);
  return {
    from: d,
    to,
    bits,
    points: (n) => n + ahead + behind,
    first: within,
    end: (end, n) => within(end - 1, n) + 1,
    write(input, first, n, from, end, out, at, path) {
      // Points of the path itself, [begin, last), and then what is ahead of it and behind.
      const begin = Math.min(Math.max(from, ahead), end);
      const last = Math.max(Math.min(end, ahead + n), begin);
      const at0 = at + (begin - from) * to;
      const w = wordsPer(out);
      const inner = (begin - ahead - first) * d;
      if (to === d) out.set(input.subarray(inner, inner + (last - begin) * d), at0);
      else {
        const [source, target] = [wordsOf(input, 0, input.length), wordsOf(out, at0, (last - begin) * to)];
        copyColumns(source, inner * w, d * w, target, 0, to * w, d * w, last - begin);
      }
      if (value !== undefined)
        for (let m = begin, i = at0 + d; m < last; m++, i += to) out[i] = value(m - ahead, n, path);
      for (let m = from; m < end; m++) {
        if (m === begin) m = last;
        if (m >= end) break;
        const [s, i] = [copied(m, n), at + (m - from) * to];
        for (let c = 0; c < d; c++) out[i + c] = s < 0 ? (outer?.[c] ?? 0) : (input[(s - first) * d + c] as number);
        if (value !== undefined) out[i + d] = 0;
      }
    },
    once: ahead < 2 && behind < 2,
    adjoint(gradient, n, gradients, at) {
      narrow(gradient, ahead * to, to, d, n, gradients, at);
      // Points ahead and behind that are copies of the path's ends.
      const ends = [...Array(ahead).keys(), ...Array.from({ length: behind }, (_, k) => ahead + n + k)];
      for (const m of ends) {
        const s = copied(m, n);
        if (s >= 0) for (let c = 0; c < d; c++) gradients[at + s * d + c]! += gradient[m * to + c] as number;
      }
    },
    names: (names) => (name === undefined ? [...names] : [...names, name]),
  };
}

/** Adds gradients of a lead and a lag, `d` numbers each, to those of n points. */
function addLeadLag(
  gradient: Numbers,
  leads: number,
  lags: number,
  d: number,
  lag: number,
  n: number,
  to: Numbers,
  at: number,
): void {
  for (let c = 0; c < d; c++) {
    const [last, apart, end] = [(n - 1) * d + c, lag * d, (2 * n - 1) * 2 * d];
    let lead = c;
    let lagging = c;
    for (let i = c; i < end; i += 2 * d) {
      to[at + lead] = (to[at + lead] as number) + (gradient[i + leads] as number);
      to[at + lagging] = (to[at + lagging] as number) + (gradient[i + lags] as number);
      if (lead < last && lead - lagging < apart) lead += d;
      else lagging += d;
    }
  }
}

/** The same of a lag of one point: all that belongs to a point stands together. */
function sumLeadLag(
  gradient: Numbers,
  leads: number,
  lags: number,
  d: number,
  n: number,
  to: Numbers,
  at: number,
): void {
  // Point t leads at points 2 t − 1 and 2 t, and lags at 2 t and 2 t + 1.
  const pitch = 2 * d;
  const [before, after] = [leads - pitch, lags + pitch];
  for (let t = 0, i = 0, k = at; t < n; t++, i += 2 * pitch) {
    const isFirst = t === 0;
    const isLast = t === n - 1;
    for (let c = i; c < i + d; c++) {
      const own = (gradient[c + leads] as number) + (gradient[c + lags] as number);
      const ahead = isFirst ? 0 : (gradient[c + before] as number);
      to[k++] = own + ahead + (isLast ? 0 : (gradient[c + after] as number));
    }
  }
}

/**
 * The path of the lead and that of the lag, `lag` points behind it, one step of each by turns.
 * @param lagFirst - whether the channels of the lag come first
 */
export function leadLag(d: number, lag: number, lagFirst: boolean): Layer {
  /** The point of the lead at point m; that of the lag is m less it. */
  const leadAt = (m: number, n: number): number => {
    const alone = Math.min(lag, n - 1);
    return m <= alone ? m : Math.min(n - 1, alone + ((m - alone) >> 1));
  };
  const [leads, lags] = lagFirst ? [d, 0] : [0, d];
  return {
    from: d,
    to: 2 * d,
    bits: lag > 1 ? 0 : EXPAND_LEAD_LAG | (lagFirst ? EXPAND_LAG_FIRST : 0),
    points: (n) => 2 * n - 1,
    first: (m, n) => m - leadAt(m, n),
    end: (end, n) => leadAt(end - 1, n) + 1,
    write(input, first, n, from, end, out, at) {
      const point = (m: number): void => {
        const lead = leadAt(m, n);
        const [i, j, k] = [(lead - first) * d, (m - lead - first) * d, at + (m - from) * 2 * d];
        for (let c = 0; c < d; c++) {
          out[k + leads + c] = input[i + c] as number;
          out[k + lags + c] = input[j + c] as number;
        }
      };
      // Where the two go by turns, two points at once, in which the lead is the same.
      const alone = Math.min(lag, n - 1);
      const begin = Math.min(end, Math.max(from + ((from - alone) & 1), alone));
      const pairs = Math.max(0, (Math.min(end, 2 * n - 1 - alone) - begin) >> 1);
      const b = (begin - alone) >> 1;
      for (let m = from; m < begin; m++) point(m);
      if (pairs > 0) {
        const words = wordsPer(out);
        const source = wordsOf(input, (b - first) * d, input.length - (b - first) * d);
        const target = wordsOf(out, at + (begin - from) * 2 * d, 4 * pairs * d);
        copyPairs(source, alone * d * words, target, leads * words, lags * words, d * words, pairs);
      }
      for (let m = begin + 2 * pairs; m < end; m++) point(m);
    },
    once: lag === 1,
    adjoint(gradient, n, to, at) {
      if (lag === 1) sumLeadLag(gradient, leads, lags, d, n, to, at);
      else addLeadLag(gradient, leads, lags, d, lag, n, to, at);
    },
    names(names) {
      const [lead, lag] = [names.map((name) => `${name}·lead`), names.map((name) => `${name}·lag`)];
      return lagFirst ? [...lag, ...lead] : [...lead, ...lag];
    },
  };
}

/** What layers have in common that work on each point alone. */
const pointwise = { points: same, first: same, end: same };

/** Some channels, each times a number. */
export function pick(d: number, channels: readonly number[], factors: ArrayLike<number>): Layer {
  const to = channels.length;
  return {
    ...pointwise,
    from: d,
    to,
    write(input, first, _n, from, end, out, at) {
      // Channel by channel: its factor stays in a register.
      const past = at + (end - from) * to;
      for (let c = 0; c < to; c++) {
        const factor = factors[c] as number;
        for (let k = at + c, i = (from - first) * d + (channels[c] as number); k < past; k += to, i += d)
          out[k] = (input[i] as number) * factor;
      }
    },
    once: new Set(channels).size === to,
    adjoint(gradient, n, gradients, at) {
      for (let c = 0; c < to; c++) {
        const factor = factors[c] as number;
        for (let i = c, k = at + (channels[c] as number); i < n * to; i += to, k += d)
          gradients[k] = (gradients[k] as number) + (gradient[i] as number) * factor;
      }
    },
    names: (names) => channels.map((c) => names[c] as string),
  };
}

/** The points times a matrix of (channels that go out, channels that come in). */
export function project(d: number, matrix: Float64Array): Layer {
  const to = matrix.length / d;
  return {
    ...pointwise,
    from: d,
    to,
    write(input, first, _n, from, end, out, at) {
      for (let m = from, i = (from - first) * d; m < end; m++, i += d)
        for (let r = 0; r < to; r++) {
          let sum = 0;
          for (let c = 0; c < d; c++) sum += (matrix[r * d + c] as number) * (input[i + c] as number);
          out[at++] = sum;
        }
    },
    adjoint(gradient, n, gradients, at) {
      for (let m = 0; m < n; m++)
        for (let r = 0; r < to; r++)
          for (let c = 0; c < d; c++)
            gradients[at + m * d + c]! += (matrix[r * d + c] as number) * (gradient[m * to + r] as number);
    },
    names: () => Array.from({ length: to }, (_, r) => `projection ${r}`),
  };
}

/** Differences of consecutive points; the origin for a single one. */
export function differences(d: number): Layer {
  return {
    from: d,
    to: d,
    points: (n) => Math.max(1, n - 1),
    first: same,
    end: (end, n) => Math.min(end + 1, n),
    write(input, first, n, from, end, out, at) {
      for (let k = (from - first) * d; k < (end - first) * d; k++)
        out[at++] = n === 1 ? 0 : (input[k + d] as number) - (input[k] as number);
    },
    adjoint(gradient, n, to, at) {
      for (let k = 0; k < (n - 1) * d; k++) {
        to[at + k]! -= gradient[k] as number;
        to[at + k + d]! += gradient[k] as number;
      }
    },
    names: (names) => names.map((name) => `${name}·difference`),
  };
}

/** Sums of the points up to each. A piece that follows the last one goes on from its sums. */
export function sums(d: number): Layer {
  const sum = new Float64Array(d);
  /** The path of the sums, and the last point in them. */
  let [of, last] = [-1, -1];
  return {
    from: d,
    to: d,
    goesOn: true,
    points: same,
    first: (from, _n, path) => (path === of && last >= 0 && last <= from ? last + 1 : 0),
    end: same,
    write(input, first, _n, from, end, out, at, path) {
      if (first === 0) sum.fill(0);
      [of, last] = [path, end - 1];
      if (first === from + 1) {
        out.set(sum, at);
        at += d;
      }
      let i = 0;
      for (const last = (Math.max(first, from) - first) * d; i < last; i += d)
        for (let c = 0; c < d; c++) sum[c]! += input[i + c] as number;
      // Channel by channel: its sum stays in a register.
      const [shift, past] = [at - i, (end - first) * d];
      for (let c = 0; c < d; c++) {
        let own = sum[c] as number;
        for (let k = i + c; k < past; k += d) {
          own += input[k] as number;
          out[k + shift] = own;
        }
        sum[c] = own;
      }
    },
    once: true,
    adjoint(gradient, n, to, at) {
      for (let c = 0; c < d; c++) {
        let own = 0;
        for (let k = (n - 1) * d + c; k >= 0; k -= d) {
          own += gradient[k] as number;
          to[at + k] = own;
        }
      }
    },
    names: (names) => names.map((name) => `${name}·sum`),
  };
}
