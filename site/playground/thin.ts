// Leaves out points of a drawing that lie on its lines: what is left can be dragged one by one.

import type { Point } from "./state.ts";

/** A four-hundredth of the field: not seen, and below the tremor of a hand. */
const tolerance = 1 / 400;

function distance(p: Point, a: Point, b: Point): number {
  const [dx, dy] = [b.x - a.x, b.y - a.y];
  const length = Math.hypot(dx, dy);
  if (length === 0) return Math.hypot(p.x - a.x, p.y - a.y);
  return Math.abs((p.x - a.x) * dy - (p.y - a.y) * dx) / length;
}

/** Ramer–Douglas–Peucker: the farthest point of a stretch is kept, then both halves looked at. */
export function thin(points: readonly Point[]): Point[] {
  if (points.length < 3) return [...points];
  const keep = new Uint8Array(points.length);
  keep[0] = keep[points.length - 1] = 1;
  const stretches: [number, number][] = [[0, points.length - 1]];
  for (let stretch = stretches.pop(); stretch !== undefined; stretch = stretches.pop()) {
    const [from, to] = stretch;
    let [worst, place] = [tolerance, -1];
    for (let i = from + 1; i < to; i++) {
      const d = distance(points[i] as Point, points[from] as Point, points[to] as Point);
      if (d > worst) [worst, place] = [d, i];
    }
    if (place < 0) continue;
    keep[place] = 1;
    stretches.push([from, place], [place, to]);
  }
  return points.filter((_, i) => keep[i]);
}
