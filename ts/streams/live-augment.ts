// Augmentations of points as they arrive: each step of the list takes a point and gives those that
// no later point will change. What depends on where the path ends is given apart.

import { imagineLayers, numbersAsNames } from "../input/augment/channels.ts";
import type { Layer } from "../input/augment/layers.ts";
import { plain } from "../input/augment/plain.ts";
import { nameAndSettings } from "../input/augment/read.ts";
import { describe, rangeError, typeError } from "../input/errors.ts";

/** Points that a lag keeps, at most. */
const mostLag = 65_536;

type Emit = (point: Float64Array) => void;

/** A step of the list. A point has so many numbers for each of the streams, one after the other. */
interface Step {
  /** All that it remembers, so that it can be kept and put back. */
  readonly state: Float64Array;
  /** Takes a point. What it emits may be changed after `emit` has returned. */
  step(point: Float64Array, emit: Emit): void;
  /** The points that are left where the path ends. */
  finish?(emit: Emit): void;
}

/** Appends a number to the point of each stream. */
function widen(point: Float64Array, channels: number, value: number, out: Float64Array): Float64Array {
  for (let i = 0, k = 0; i < point.length; i += channels) {
    for (let c = 0; c < channels; c++) out[k++] = point[i + c] as number;
    out[k++] = value;
  }
  return out;
}

const stateless = new Float64Array(0);

/** Channels that each depend on the point alone. */
function pointwise(layer: Layer, streams: number): Step {
  const out = new Float64Array(streams * layer.to);
  return {
    state: stateless,
    step(point, emit) {
      layer.write(point, 0, streams, 0, streams, out, 0, 0);
      emit(out);
    },
  };
}

function time(channels: number, streams: number): Step {
  const state = new Float64Array(1);
  const out = new Float64Array(streams * (channels + 1));
  return {
    state,
    step(point, emit) {
      emit(widen(point, channels, state[0] as number, out));
      state[0]! += 1;
    },
  };
}

function basepoint(outer: ArrayLike<number> | undefined, channels: number, streams: number): Step {
  const state = new Float64Array(1);
  const ahead = new Float64Array(streams * channels);
  if (outer) for (let i = 0; i < ahead.length; i++) ahead[i] = outer[i % channels] as number;
  return {
    state,
    step(point, emit) {
      if (state[0] === 0) emit(ahead);
      state[0] = 1;
      emit(point);
    },
  };
}

function invisibilityReset(isInitial: boolean, channels: number, streams: number): Step {
  // Whether there is a point, and the last one.
  const state = new Float64Array(1 + streams * channels);
  const out = new Float64Array(streams * (channels + 1));
  const origin = new Float64Array(streams * channels);
  return {
    state,
    step(point, emit) {
      if (isInitial && state[0] === 0) for (const one of [origin, point]) emit(widen(one, channels, 0, out));
      state[0] = 1;
      state.set(point, 1);
      emit(widen(point, channels, 1, out));
    },
    finish(emit) {
      if (!isInitial) for (const one of [state.subarray(1), origin]) emit(widen(one, channels, 0, out));
    },
  };
}

function cumulativeSum(width: number): Step {
  const state = new Float64Array(width);
  return {
    state,
    step(point, emit) {
      for (let i = 0; i < width; i++) state[i]! += point[i] as number;
      emit(state.slice());
    },
  };
}

function differences(width: number): Step {
  // Points so far, two at most, and the last one.
  const state = new Float64Array(1 + width);
  const out = new Float64Array(width);
  return {
    state,
    step(point, emit) {
      for (let i = 0; i < width; i++) out[i] = (point[i] as number) - (state[1 + i] as number);
      state.set(point, 1);
      state[0]! += 1;
      if (state[0] === 1) return;
      state[0] = 2;
      emit(out);
    },
    finish(emit) {
      if (state[0] === 1) emit(out.fill(0));
    },
  };
}

function leadLag(channels: number, streams: number, lag: number, isLagFirst: boolean): Step {
  const width = streams * channels;
  // Points that have arrived, steps that the lag is behind the lead, and the last lag + 1 points,
  // of which point t stands at t modulo their number.
  const state = new Float64Array(2 + (lag + 1) * width);
  const out = new Float64Array(2 * width);
  const emitPair = (behind: number, emit: Emit) => {
    const last = (state[0] as number) - 1;
    const [lead, lagging] = [last, last - behind].map((t) => 2 + (t % (lag + 1)) * width) as [number, number];
    const [first, second] = isLagFirst ? [lagging, lead] : [lead, lagging];
    for (let i = 0, k = 0; i < width; i += channels) {
      for (let c = 0; c < channels; c++) out[k++] = state[first + i + c] as number;
      for (let c = 0; c < channels; c++) out[k++] = state[second + i + c] as number;
    }
    emit(out);
  };
  return {
    state,
    step(point, emit) {
      const n = state[0] as number;
      state.set(point, 2 + (n % (lag + 1)) * width);
      state[0] = n + 1;
      if (n > 0) state[1]! += 1;
      emitPair(state[1] as number, emit);
      // At its distance, the lag follows before the lead goes on.
      if (state[1] !== lag) return;
      state[1]! -= 1;
      emitPair(state[1] as number, emit);
    },
    finish(emit) {
      for (let behind = (state[1] as number) - 1; behind >= 0; behind--) emitPair(behind, emit);
    },
  };
}

/** @throws PathSignatureError AUGMENT_TYPE for what a stream cannot know */
function refuse(augment: readonly unknown[], hasWindow: boolean): void {
  /** Whether time or sums of a window differ from those of the stream by a number. */
  let isShifted = false;
  for (const [i, one] of augment.entries()) {
    const argument = `options.augment[${i}]`;
    const [name, settings] = nameAndSettings(one, argument);
    const { times, normalized, lag = 1 } = (settings ?? {}) as { times?: unknown; normalized?: unknown; lag?: number };
    const fail = (what: string, accepted: string) => typeError("AUGMENT_TYPE", argument, what, accepted);
    if (times !== undefined) throw fail("times of a stream", '"time", or absent: push the time as a channel');
    if (normalized) throw fail("normalized time of a stream", '"time": a stream does not know where it ends');
    if (lag > mostLag) throw rangeError("AUGMENT_RANGE", argument, `a lag of ${lag}`, `a lag of at most ${mostLag}`);
    if (name === "penOnOff") throw fail("penOnOff of a stream", "absent: push the pen as a channel");
    if (!hasWindow) continue;
    if (name === "basepoint" || name === "invisibilityReset" || lag > 1)
      throw fail(`${describe(one)} with window`, "of a stream without window: it would begin anew with each window");
    if (name === "cumulativeSum" && isShifted)
      throw fail(
        "sums of time or of sums, with window",
        "of a stream without window: they begin anew with each window",
      );
    if (name === "time" || name === "cumulativeSum") isShifted = true;
    if (name === "differences") isShifted = false;
  }
}

/** The augmentations of a stream, or of several that get their points together. */
export class LiveAugment {
  /** The list, as JSON has it. */
  readonly list: readonly unknown[];
  readonly channels: number;
  readonly names: readonly string[];
  readonly #layers: readonly Layer[];
  readonly #steps: readonly Step[];
  #points: Float64Array = new Float64Array(0);
  #numbers = 0;
  readonly #collect: Emit = (point) => {
    const end = this.#numbers + point.length;
    if (end > this.#points.length) {
      const larger = new Float64Array(Math.max(2 * this.#points.length, end));
      larger.set(this.#points);
      this.#points = larger;
    }
    this.#points.set(point, this.#numbers);
    this.#numbers = end;
  };
  /** Where points go that come out of each step. */
  readonly #emits: readonly Emit[];

  /**
   * @param channels - of the points that are given
   * @throws PathSignatureError AUGMENT_TYPE, AUGMENT_RANGE
   */
  constructor(augment: unknown, channels: number, streams: number, hasWindow: boolean) {
    const { layers, names } = imagineLayers(numbersAsNames(channels), augment, "options.augment");
    this.list = plain(augment as readonly unknown[]);
    refuse(this.list, hasWindow);
    this.names = names;
    this.channels = names.length;
    this.#layers = layers;
    this.#steps = layers.map((layer, i) => {
      const [name, settings] = nameAndSettings(this.list[i], "options.augment");
      const { from } = layer;
      const { lag = 1, order } = (settings ?? {}) as { lag?: number; order?: string };
      switch (name) {
        case "time":
          return time(from, streams);
        case "basepoint":
          return basepoint(Array.isArray(settings) ? settings : undefined, from, streams);
        case "invisibilityReset":
          return invisibilityReset(settings === "initial", from, streams);
        case "cumulativeSum":
          return cumulativeSum(streams * from);
        case "differences":
          return differences(streams * from);
        case "leadLag":
          return leadLag(from, streams, lag, order === "lag-lead");
        default:
          return pointwise(layer, streams);
      }
    });
    this.#emits = this.#steps.map((_, i): Emit => {
      const next = this.#steps[i + 1];
      return next === undefined ? this.#collect : (point) => next.step(point, this.#emits[i + 1] as Emit);
    });
  }

  /** Points that n given ones have become, without those that depend on the end of the path. */
  pointsOf(n: number): number {
    // Differences of a single point are a point only if the path ends there.
    const behind = (count: number, layer: Layer) => (count === 1 && layer.points(2) < 2 ? 0 : layer.points(count));
    return this.#layers.reduce((count, layer) => (count === 0 ? 0 : behind(count, layer)), n);
  }

  /** Takes points. @returns those that they become, until the next call */
  push(points: Float64Array, count: number): Float64Array {
    this.#numbers = 0;
    const width = points.length / count;
    for (let i = 0; i < count; i++) this.#take(points.subarray(i * width, (i + 1) * width));
    return this.#points.subarray(0, this.#numbers);
  }

  #take(point: Float64Array): void {
    const [first] = this.#steps;
    if (first === undefined) this.#collect(point);
    else first.step(point, this.#emits[0] as Emit);
  }

  /** Whether points depend on the end of the path. */
  get hasTail(): boolean {
    return this.#steps.some(({ finish }) => finish !== undefined);
  }

  /** The points behind those so far if the path ends here; until the next call. */
  tail(): Float64Array {
    this.#numbers = 0;
    const kept = this.state;
    for (const [i, step] of this.#steps.entries()) step.finish?.(this.#emits[i] as Emit);
    this.restore(kept);
    return this.#points.subarray(0, this.#numbers);
  }

  /** Forgets all points. */
  reset(): void {
    for (const { state } of this.#steps) state.fill(0);
  }

  get #stateNumbers(): number {
    return this.#steps.reduce((sum, { state }) => sum + state.length, 0);
  }

  /** A copy of what it remembers of the points so far. */
  get state(): Float64Array {
    const all = new Float64Array(this.#stateNumbers);
    let at = 0;
    for (const { state } of this.#steps) {
      all.set(state, at);
      at += state.length;
    }
    return all;
  }

  /** Continues from a state of the same list. @returns whether it has the right size */
  restore(numbers: Float64Array): boolean {
    if (numbers.length !== this.#stateNumbers) return false;
    let at = 0;
    for (const { state } of this.#steps) {
      state.set(numbers.subarray(at, at + state.length));
      at += state.length;
    }
    return true;
  }
}
