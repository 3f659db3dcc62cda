// The Lévy area on the drawing: how often the path, closed by the straight line from its end to its
// start, winds around each place. The area is the sum of these numbers over the plane.

import type { Palette } from "./colours.ts";
import type { Point } from "./state.ts";

interface Crossing {
  readonly x: number;
  readonly turn: number;
}

/**
 * Rows of the field, and the stretches of each around which the path winds `winding` times; x from
 * 0 to 1.
 */
export function* stretches(
  points: readonly Point[],
  rows: number,
): Generator<{ row: number; from: number; to: number; winding: number }> {
  const edges = points.map((a, i) => [a, points[(i + 1) % points.length] as Point] as const);
  for (let row = 0; row < rows; row++) {
    const y = (row + 0.5) / rows;
    const crossings: Crossing[] = [];
    for (const [a, b] of edges) {
      if (a.y <= y === b.y <= y) continue;
      crossings.push({ x: a.x + ((y - a.y) / (b.y - a.y)) * (b.x - a.x), turn: b.y > a.y ? 1 : -1 });
    }
    crossings.sort((a, b) => a.x - b.x);
    // An edge upwards on the right of a place turns once around it against the clock.
    let winding = 0;
    for (let i = 0; i + 1 < crossings.length; i++) {
      const { x: from, turn } = crossings[i] as Crossing;
      winding -= turn;
      if (winding !== 0) yield { row, from, to: (crossings[i + 1] as Crossing).x, winding };
    }
  }
}

/** Shades a field of the given size, in rows of some pixels each. */
export function shade(
  g: CanvasRenderingContext2D,
  points: readonly Point[],
  size: number,
  colours: Palette,
  pixels = 1,
): void {
  const rows = Math.max(1, Math.round(size / pixels));
  const height = size / rows;
  for (const { row, from, to, winding } of stretches(points, rows)) {
    g.fillStyle = winding > 0 ? colours.positive : colours.negative;
    g.globalAlpha = Math.min(0.75, 0.22 * Math.abs(winding));
    g.fillRect(from * size, size - (row + 1) * height, (to - from) * size, height + 0.02);
  }
  g.globalAlpha = 1;
}
