// Reads a list of augmentations: names and settings become layers.

import { EXPAND_NORMALIZED, EXPAND_TIME } from "../../wasm/abi.ts";
import { describe, rangeError, typeError } from "../errors.ts";
import { lengthOfList } from "../shape.ts";
import { nearest } from "../unknown-option.ts";
import { differences, type Layer, leadLag, pick, project, rows, sums, type ValueAt } from "./layers.ts";
import { randomMatrix } from "./random.ts";

/** Reads numbers that are given for each point: the one of point t of an item. */
export type ReadPerPoint = (value: unknown, argument: string) => (item: number, t: number) => number;

/** What augmentations may depend on besides their settings. */
export interface Context {
  /** Names of the channels. */
  readonly names: readonly string[];
  readonly perPoint: ReadPerPoint;
  /** Checks times. */
  readonly checkTimes: (at: (item: number, t: number) => number, argument: string) => void;
  /** Whether all channels of a point were observed; `undefined` without `mask: { missing }`. */
  readonly isObserved: ((item: number, t: number) => boolean) | undefined;
}

/** A layer under construction: the channels that come in, their names, and where it stands. */
interface Place extends Context {
  readonly channels: number;
  readonly argument: string;
  /** The augmentation before it that has other points than the path, if there is one. */
  readonly moved: string | undefined;
}

type Read = (settings: unknown, place: Place) => Layer;

/** The settings of an object, of known names. */
function settingsOf(value: unknown, known: readonly string[], argument: string): Record<string, unknown> {
  if (value === undefined) return {};
  if (typeof value !== "object" || value === null || Array.isArray(value))
    throw typeError("AUGMENT_TYPE", argument, describe(value), `an object with ${known.join(", ")}`);
  for (const name of Object.keys(value)) if (!known.includes(name)) throw unknown(name, known, "setting", argument);
  return value as Record<string, unknown>;
}

function unknown(name: string, known: readonly string[], what: string, argument: string): Error {
  const near = nearest(name, known);
  const given = `an unknown ${what}, ${describe(name)}${near === undefined ? "" : ` (did you mean "${near}"?)`}`;
  return typeError("AUGMENT_TYPE", argument, given, `one of ${known.join(", ")}`);
}

function oneOf<T extends string>(value: unknown, known: readonly [T, ...T[]], argument: string): T {
  if (value === undefined) return known[0];
  if (known.includes(value as T)) return value as T;
  throw typeError("AUGMENT_TYPE", argument, describe(value), known.map((one) => `"${one}"`).join(" or "));
}

function whole(value: unknown, least: number, most: number, argument: string): number {
  if (Number.isInteger(value) && (value as number) >= least && (value as number) <= most) return value as number;
  const range = most === Number.POSITIVE_INFINITY ? `${least} on` : `${least} to ${most}`;
  throw rangeError("AUGMENT_RANGE", argument, describe(value), `a whole number from ${range}`);
}

/** Finite numbers, as many as wanted. */
function numbers(value: unknown, count: number, argument: string, of: string): Float64Array {
  const length = lengthOfList(value);
  if (length < 0) throw typeError("AUGMENT_TYPE", argument, describe(value), `an array of numbers, one for ${of}`);
  if (length !== count)
    throw rangeError("AUGMENT_RANGE", argument, `${length} numbers`, `${count} numbers, one for ${of}`);
  return Float64Array.from(value as ArrayLike<unknown>, (one, i) => finite(one, `${argument}[${i}]`));
}

function finite(value: unknown, argument: string): number {
  if (typeof value === "number" && Number.isFinite(value)) return value;
  throw rangeError("AUGMENT_RANGE", argument, describe(value), "a finite number");
}

/** Numbers are given for the points of the path, so it has to have them still. */
function checkPoints({ moved, argument }: Place): void {
  if (moved === undefined) return;
  const accepted = `ahead of ${moved}: it needs a number for each point that was given`;
  throw typeError("AUGMENT_TYPE", argument, `behind ${moved}, which changes the points`, accepted);
}

function readTime(settings: unknown, place: Place): Layer {
  const { channels, argument } = place;
  const { times, normalized = false } = settingsOf(settings, ["times", "normalized"], argument);
  if (typeof normalized !== "boolean")
    throw typeError("AUGMENT_TYPE", `${argument}.normalized`, describe(normalized), "true or false");
  let since: ValueAt = (t) => t;
  if (times !== undefined) {
    checkPoints(place);
    const at = place.perPoint(times, `${argument}.times`);
    place.checkTimes(at, `${argument}.times`);
    since = (t, _n, item) => at(item, t) - at(item, 0);
  }
  const value: ValueAt = normalized ? (t, n, item) => since(t, n, item) / (since(n - 1, n, item) || 1) : since;
  // The kernel's thread counts points, but has no times.
  const bits = times === undefined ? EXPAND_TIME | (normalized ? EXPAND_NORMALIZED : 0) : 0;
  return rows({ channels, name: "time", value, bits });
}

function readLeadLag(settings: unknown, { channels, argument }: Place): Layer {
  const { lag = 1, order } = settingsOf(settings, ["lag", "order"], argument);
  const first = oneOf(order, ["lead-lag", "lag-lead"], `${argument}.order`);
  return leadLag(channels, whole(lag, 1, 2 ** 31, `${argument}.lag`), first === "lag-lead");
}

function readBasepoint(settings: unknown, { channels, argument }: Place): Layer {
  const isOrigin = settings === undefined || settings === "origin";
  if (typeof settings === "string" && !isOrigin) oneOf(settings, ["origin"], argument);
  const outer = isOrigin ? undefined : numbers(settings, channels, argument, "each channel");
  return rows({ channels, ahead: 1, ...(outer && { outer }) });
}

function readInvisibility(settings: unknown, { channels, argument }: Place): Layer {
  const form = oneOf(settings, ["terminal", "initial"], argument);
  const where = form === "terminal" ? { behind: 2 } : { ahead: 2 };
  return rows({ channels, name: "visible", value: () => 1, ...where });
}

function readPen(settings: unknown, place: Place): Layer {
  const { argument, isObserved, channels } = place;
  checkPoints(place);
  if (settings === undefined && isObserved === undefined)
    throw typeError(
      "AUGMENT_TYPE",
      argument,
      '"penOnOff" alone',
      "{ penOnOff: numbers }, or come with mask: { missing }",
    );
  const isOn = settings === undefined ? isObserved : place.perPoint(settings, argument);
  return rows({ channels, name: "pen", value: (t, _n, item) => (isOn?.(item, t) ? 1 : 0) });
}

function readSelect(settings: unknown, { channels, names, argument }: Place): Layer {
  const length = lengthOfList(settings);
  if (length < 1)
    throw typeError("AUGMENT_TYPE", argument, describe(settings), "an array of channels, by index or name");
  const picked = Array.from(settings as ArrayLike<unknown>, (one, i) => {
    const index = typeof one === "string" ? names.indexOf(one) : one;
    if (typeof one === "string" && index === -1) throw unknown(one, names, "channel", `${argument}[${i}]`);
    return whole(index, 0, channels - 1, `${argument}[${i}]`);
  });
  return pick(channels, picked, new Float64Array(length).fill(1));
}

function readScale(settings: unknown, { channels, argument }: Place): Layer {
  const factors =
    typeof settings === "number"
      ? new Float64Array(channels).fill(finite(settings, argument))
      : numbers(settings, channels, argument, "each channel");
  return pick(channels, Array.from(factors.keys()), factors);
}

/** Numbers of a random matrix, at most. */
const mostRandom = 2 ** 24;

function readProjections(settings: unknown, { channels, argument }: Place): Layer {
  const count = lengthOfList(settings);
  if (count < 0) {
    const { channels: to, seed = 0 } = settingsOf(settings, ["channels", "seed"], argument);
    const rows = whole(to, 1, Math.floor(mostRandom / channels), `${argument}.channels`);
    return project(channels, randomMatrix(rows, channels, whole(seed, 0, 2 ** 32 - 1, `${argument}.seed`)));
  }
  if (count === 0) throw rangeError("AUGMENT_RANGE", argument, "no row", "a row of numbers for each new channel");
  const matrix = new Float64Array(count * channels);
  for (let r = 0; r < count; r++)
    matrix.set(numbers((settings as unknown[])[r], channels, `${argument}[${r}]`, "each channel"), r * channels);
  return project(channels, matrix);
}

const readers: Readonly<Record<string, Read>> = {
  time: readTime,
  leadLag: readLeadLag,
  basepoint: readBasepoint,
  invisibilityReset: readInvisibility,
  cumulativeSum: (_, { channels }) => sums(channels),
  differences: (_, { channels }) => differences(channels),
  penOnOff: readPen,
  select: readSelect,
  scale: readScale,
  coordinateProjections: readProjections,
};

/** Augmentations that cannot do without settings, and those that have none. */
const needy = ["select", "scale", "coordinateProjections"];
const bare = ["cumulativeSum", "differences"];
/** Those that change the points. */
const moving = ["leadLag", "basepoint", "invisibilityReset", "differences"];

const form = 'a name such as "time", or an object with one name and its settings, such as { leadLag: { lag: 1 } }';

/** The name of an augmentation, and its settings. */
export function nameAndSettings(given: unknown, argument: string): readonly [name: string, settings: unknown] {
  const isName = typeof given === "string";
  const keys = isName ? [given] : typeof given === "object" && given !== null ? Object.keys(given) : [];
  const [name] = keys;
  if (keys.length !== 1 || name === undefined) throw typeError("AUGMENT_TYPE", argument, describe(given), form);
  if (!Object.hasOwn(readers, name)) throw unknown(name, Object.keys(readers), "augmentation", argument);
  const settings = isName ? undefined : (given as Record<string, unknown>)[name];
  if (isName ? needy.includes(name) : settings === undefined || bare.includes(name)) {
    const accepted = bare.includes(name) ? `"${name}", which has no settings` : `{ ${name}: settings }`;
    throw typeError("AUGMENT_TYPE", argument, describe(given), accepted);
  }
  return [name, settings];
}

/** Layers, and the names of the channels behind them. */
export interface ReadLayers {
  readonly layers: readonly Layer[];
  readonly names: readonly string[];
}

/**
 * Reads a list of augmentations of paths whose channels have these names.
 * @throws PathSignatureError AUGMENT_TYPE, AUGMENT_RANGE
 */
export function readLayers(given: unknown, context: Context, argument: string): ReadLayers {
  const count = Array.isArray(given) ? lengthOfList(given) : -1;
  if (count < 0)
    throw typeError("AUGMENT_TYPE", argument, describe(given), 'an array, such as ["time", { leadLag: { lag: 1 } }]');
  const layers: Layer[] = [];
  let { names } = context;
  let moved: string | undefined;
  for (let i = 0; i < count; i++) {
    const at = `${argument}[${i}]`;
    const [name, settings] = nameAndSettings((given as unknown[])[i], at);
    const own = typeof (given as unknown[])[i] === "string" ? at : `${at}.${name}`;
    const place = { ...context, names, channels: names.length, argument: own, moved };
    const layer = (readers[name] as Read)(settings, place);
    if (moving.includes(name)) moved = name;
    names = layer.names(names);
    layers.push(layer);
  }
  return { layers, names };
}
