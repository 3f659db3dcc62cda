// What is on the screen, and its form in an URL: bytes in base64url behind `#p=`. Points are whole
// numbers of thousandths, times of milliseconds, so that a link gives the same coefficients to the
// bit.

import type { Drawing, Toggles } from "./messages.ts";

/** Coordinates are from 0 to 1, with y upwards. */
export interface Point {
  readonly x: number;
  readonly y: number;
  /** Seconds since the first point. */
  readonly t: number;
}

export type Tab = "draw" | "teach" | "recording";
export const tabs: readonly Tab[] = ["draw", "teach", "recording"];

export const toggleNames = ["time", "leadLag", "basepoint", "invisibilityReset"] as const satisfies (keyof Toggles)[];

export interface Gesture {
  name: string;
  drawings: Point[][];
}

export interface State {
  tab: Tab;
  depth: number;
  toggles: Toggles;
  /** The word whose gradient is shown. */
  word: number[] | undefined;
  points: Point[];
  /** The drawing before this one. */
  before: Point[];
  gestures: Gesture[];
  /** Settings of the recording's windows. */
  length: number;
  step: number;
  windowDepth: number;
}

/** A loop, so that there is something to see. */
const example = (): Point[] =>
  Array.from({ length: 33 }, (_, i) => {
    const u = i / 32;
    const angle = -2.6 + 7.2 * u;
    return quantised({ x: 0.28 + 0.42 * u + 0.2 * Math.cos(angle), y: 0.5 + 0.3 * Math.sin(angle), t: 1.2 * u });
  });

export const initialState = (): State => ({
  tab: "draw",
  depth: 3,
  toggles: { time: false, leadLag: false, basepoint: false, invisibilityReset: false },
  word: undefined,
  points: example(),
  before: [],
  gestures: [
    { name: "A", drawings: [] },
    { name: "B", drawings: [] },
    { name: "C", drawings: [] },
  ],
  length: 64,
  step: 8,
  windowDepth: 2,
});

const units = 1000;

export const quantised = ({ x, y, t }: Point): Point => ({
  x: Math.round(x * units) / units,
  y: Math.round(y * units) / units,
  t: Math.round(t * units) / units,
});

/** The form that the library takes; a path has at least one point. */
export const drawingOf = (points: readonly Point[]): Drawing => ({
  points: Float64Array.from(points.flatMap(({ x, y }) => [x, y])),
  times: Float64Array.from(points, ({ t }) => t),
});

class Writer {
  readonly #bytes: number[] = [];

  /** A whole number that is not negative, seven bits a byte. */
  count(value: number): this {
    let rest = value;
    while (rest > 127) {
      this.#bytes.push((rest & 127) | 128);
      rest >>>= 7;
    }
    this.#bytes.push(rest);
    return this;
  }

  whole(value: number): this {
    return this.count(value < 0 ? -2 * value - 1 : 2 * value);
  }

  text(value: string): this {
    const bytes = new TextEncoder().encode(value);
    this.count(bytes.length);
    this.#bytes.push(...bytes);
    return this;
  }

  /** Differences, which are small. */
  points(points: readonly Point[]): this {
    this.count(points.length);
    let last = { x: 0, y: 0, t: 0 };
    for (const point of points) {
      const next = { x: Math.round(point.x * units), y: Math.round(point.y * units), t: Math.round(point.t * units) };
      this.whole(next.x - last.x)
        .whole(next.y - last.y)
        .whole(next.t - last.t);
      last = next;
    }
    return this;
  }

  toString(): string {
    return btoa(String.fromCharCode(...this.#bytes))
      .replaceAll("+", "-")
      .replaceAll("/", "_")
      .replaceAll("=", "");
  }
}

class Reader {
  readonly #bytes: Uint8Array;
  #place = 0;

  constructor(text: string) {
    this.#bytes = Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (c) => c.charCodeAt(0));
  }

  #byte(): number {
    const byte = this.#bytes[this.#place++];
    if (byte === undefined) throw new RangeError("the link is cut off");
    return byte;
  }

  /** @param most - the largest value that makes sense */
  count(most: number): number {
    let value = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = this.#byte();
      value += (byte & 127) * 2 ** shift;
      if (value > most) throw new RangeError("the link is not one of this page");
      if (byte < 128) return value;
    }
  }

  whole(): number {
    const value = this.count(2 ** 30);
    return value % 2 ? -(value + 1) / 2 : value / 2;
  }

  text(): string {
    const bytes = Array.from({ length: this.count(100) }, () => this.#byte());
    return new TextDecoder().decode(Uint8Array.from(bytes));
  }

  points(): Point[] {
    const last = { x: 0, y: 0, t: 0 };
    return Array.from({ length: this.count(5_000) }, () => {
      last.x += this.whole();
      last.y += this.whole();
      last.t += this.whole();
      return { x: last.x / units, y: last.y / units, t: last.t / units };
    });
  }
}

const version = 1;

export function encode(state: State): string {
  const writer = new Writer()
    .count(version)
    .count(tabs.indexOf(state.tab))
    .count(state.depth)
    .count(toggleNames.reduce((bits, name, i) => bits | (Number(state.toggles[name]) << i), 0))
    .count(state.word?.length ?? 0);
  for (const letter of state.word ?? []) writer.count(letter);
  writer.points(state.points).points(state.before).count(state.length).count(state.step).count(state.windowDepth);
  writer.count(state.gestures.length);
  for (const { name, drawings } of state.gestures) {
    writer.text(name).count(drawings.length);
    for (const drawing of drawings) writer.points(drawing);
  }
  return `#p=${writer}`;
}

/** The state of a link; undefined if it is not one of this page. */
export function decode(hash: string): State | undefined {
  const text = /^#p=([\w-]+)$/.exec(hash)?.[1];
  if (text === undefined) return undefined;
  try {
    const reader = new Reader(text);
    if (reader.count(127) !== version) return undefined;
    const tab = tabs[reader.count(tabs.length - 1)] as Tab;
    const depth = Math.max(1, reader.count(4));
    const bits = reader.count(15);
    const toggles = Object.fromEntries(toggleNames.map((name, i) => [name, ((bits >> i) & 1) === 1]));
    const word = Array.from({ length: reader.count(4) }, () => reader.count(16));
    return {
      tab,
      depth,
      toggles: toggles as unknown as Toggles,
      word: word.length > 0 ? word : undefined,
      points: reader.points(),
      before: reader.points(),
      length: Math.max(2, reader.count(100_000)),
      step: Math.max(1, reader.count(100_000)),
      windowDepth: Math.max(1, reader.count(4)),
      gestures: Array.from({ length: reader.count(20) }, () => ({
        name: reader.text(),
        drawings: Array.from({ length: reader.count(100) }, () => reader.points()),
      })),
    };
  } catch {
    return undefined;
  }
}
