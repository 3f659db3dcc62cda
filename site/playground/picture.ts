// What the drawing part shows, as one picture.

import { palette } from "./colours.ts";
import type { DrawPanel } from "./draw.ts";

const margin = 24;
const side = 560;
const right = 480;
const ratio = 2;

/** The height of a level's map beside the drawing. */
const heights = [36, 90, 110, 130];

export function picture({ field, heats, bars, answer }: DrawPanel): HTMLCanvasElement {
  const colours = palette();
  const canvas = document.createElement("canvas");
  const found = answer();
  const depth = found?.depth ?? 0;
  const mapsHeight = heights.slice(0, depth).reduce((sum, height) => sum + height + 30, 0);
  const [width, height] = [3 * margin + side + right, 2 * margin + Math.max(side, mapsHeight + 150)];
  canvas.width = width * ratio;
  canvas.height = height * ratio;
  const g = canvas.getContext("2d") as CanvasRenderingContext2D;
  g.scale(ratio, ratio);
  g.fillStyle = colours.background;
  g.fillRect(0, 0, width, height);
  g.save();
  g.translate(margin, margin);
  g.beginPath();
  g.rect(0, 0, side, side);
  g.clip();
  field.paintTo(g, side);
  g.restore();
  const left = 2 * margin + side;
  let top = margin;
  g.font = `14px ${getComputedStyle(document.body).fontFamily}`;
  g.textBaseline = "alphabetic";
  const title = (text: string) => {
    g.fillStyle = colours.ink;
    g.textAlign = "left";
    g.fillText(text, left, top + 12);
    top += 20;
  };
  for (let i = 0; i < depth; i++) {
    title(`Level ${i + 1} (${found?.names.join(", ")})`);
    heats[i]?.paintTo(g, left, top, right, heights[i] as number);
    top += (heights[i] as number) + 10;
  }
  title("Log-signature");
  bars.paintTo(g, left, top, right, 120);
  return canvas;
}

export const toBlob = (canvas: HTMLCanvasElement): Promise<Blob> =>
  new Promise((done, fail) => {
    canvas.toBlob((blob) => (blob ? done(blob) : fail(new Error("the picture could not be made"))), "image/png");
  });
