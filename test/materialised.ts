// Augmented paths, point by point from their definitions, as nested arrays. Slow and plain, and
// independent of the library: it shares no code and no layout with it.

import type { Augmentation, Mask } from "../ts/index.ts";

export type Path = number[][];

const isRow = (value: unknown): value is number[] => Array.isArray(value);

/** The points and numbers that a mask leaves; `flags` are those of this path. */
export function masked(path: Path, form: "skip" | "missing" | undefined, flags: "nan" | number[] | number[][]): Path {
  if (form === "skip")
    return path.filter((point, t) => (flags === "nan" ? point.every((x) => !Number.isNaN(x)) : flags[t] === 0));
  if (form === undefined) return path;
  const isThere = (t: number, c: number): boolean =>
    flags === "nan" ? !Number.isNaN(path[t]![c]) : (flags as number[][])[t]![c] === 0;
  return path.map((point, t) =>
    point.map((_, c) => {
      for (let s = t; s >= 0; s--) if (isThere(s, c)) return path[s]![c]!;
      for (let s = t; s < path.length; s++) if (isThere(s, c)) return path[s]![c]!;
      return 0;
    }),
  );
}

/** What one augmentation makes of a path. `times` and pens are those of its points. */
function augmentedOnce(path: Path, one: Augmentation, names: string[]): { path: Path; names: string[] } {
  const [name, settings] = typeof one === "string" ? [one, undefined] : (Object.entries(one)[0] as [string, unknown]);
  const n = path.length;
  const last = path[n - 1]!;
  const origin = last.map(() => 0);
  switch (name) {
    case "time": {
      const { times, normalized } = (settings ?? {}) as { times?: number[]; normalized?: boolean };
      const since = path.map((_, t) => (times === undefined ? t : times[t]! - times[0]!));
      const total = normalized ? since[n - 1] || 1 : 1;
      return { path: path.map((point, t) => [...point, since[t]! / total]), names: [...names, "time"] };
    }
    case "leadLag": {
      const { lag = 1, order = "lead-lag" } = (settings ?? {}) as { lag?: number; order?: string };
      // One step of the lead, one of the lag, by turns; a step that would put the lag nearer than
      // `lag` points, after a step of the lead, or the lead beyond the end, is left out.
      let [lead, lagging] = [0, 0];
      const pairs = [[0, 0]];
      while (lagging < n - 1) {
        if (lead < n - 1 && lead - lagging < lag) lead += 1;
        else lagging += 1;
        pairs.push([lead, lagging]);
      }
      const both = pairs.map(([a, b]) =>
        order === "lead-lag" ? [...path[a!]!, ...path[b!]!] : [...path[b!]!, ...path[a!]!],
      );
      const [first, second] = order === "lead-lag" ? ["lead", "lag"] : ["lag", "lead"];
      return { path: both, names: [...names.map((x) => `${x}·${first}`), ...names.map((x) => `${x}·${second}`)] };
    }
    case "basepoint":
      return { path: [isRow(settings) ? settings : origin, ...path], names };
    case "invisibilityReset": {
      const seen = path.map((point) => [...point, 1]);
      const with0 = (point: number[]) => [...point, 0];
      return {
        path:
          settings === "initial" ? [with0(origin), with0(path[0]!), ...seen] : [...seen, with0(last), with0(origin)],
        names: [...names, "visible"],
      };
    }
    case "cumulativeSum": {
      const sum = [...origin];
      return {
        path: path.map((point) => {
          for (const [c, x] of point.entries()) sum[c]! += x;
          return [...sum];
        }),
        names: names.map((x) => `${x}·sum`),
      };
    }
    case "differences":
      return {
        path: n === 1 ? [origin] : path.slice(1).map((point, t) => point.map((x, c) => x - path[t]![c]!)),
        names: names.map((x) => `${x}·difference`),
      };
    case "penOnOff":
      return {
        path: path.map((point, t) => [...point, (settings as number[])[t] === 0 ? 0 : 1]),
        names: [...names, "pen"],
      };
    case "select": {
      const picked = (settings as (number | string)[]).map((x) => (typeof x === "string" ? names.indexOf(x) : x));
      return { path: path.map((point) => picked.map((c) => point[c]!)), names: picked.map((c) => names[c]!) };
    }
    case "scale":
      return {
        path: path.map((point) => point.map((x, c) => x * (isRow(settings) ? settings[c]! : (settings as number)))),
        names,
      };
    case "coordinateProjections": {
      const matrix = settings as number[][];
      return {
        path: path.map((point) => matrix.map((row) => row.reduce((sum, x, c) => sum + x * point[c]!, 0))),
        names: matrix.map((_, r) => `projection ${r}`),
      };
    }
    default:
      throw new Error(name);
  }
}

/** A path with its augmentations, numbers rounded to float32 after each if `round` says so. */
export function augmented(
  path: Path,
  augment: readonly Augmentation[],
  names: string[],
  round: boolean,
): { path: Path; names: string[] } {
  let now = { path, names };
  for (const one of augment) {
    now = augmentedOnce(now.path, one, now.names);
    if (round) now = { path: now.path.map((point) => point.map(Math.fround)), names: now.names };
  }
  return now;
}

export type { Mask };
