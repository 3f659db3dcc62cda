// Numbers with names as bars from a common zero line.

import { palette } from "./colours.ts";
import { fitted, h, inFrame } from "./dom.ts";

export interface Bar {
  readonly name: string;
  readonly value: number;
}

export class Bars {
  readonly canvas: HTMLCanvasElement;
  #bars: readonly Bar[] = [];
  readonly paint: () => void;

  constructor() {
    this.canvas = h("canvas", { className: "pg-bars", role: "img", "aria-label": "No numbers yet" });
    this.paint = inFrame(() => this.#paint());
    new ResizeObserver(() => this.paint()).observe(this.canvas);
  }

  show(bars: readonly Bar[], description: string): void {
    this.#bars = bars;
    this.canvas.setAttribute("aria-label", description);
    this.paint();
  }

  #paint(): void {
    if (this.canvas.clientWidth === 0) return;
    const { g, width, height } = fitted(this.canvas);
    this.paintTo(g, 0, 0, width, height);
  }

  paintTo(g: CanvasRenderingContext2D, left: number, top: number, width: number, height: number): void {
    const colours = palette();
    const step = width / Math.max(1, this.#bars.length);
    const named = step >= 11;
    const level = step >= 64;
    const below = level ? 20 : named ? 62 : 4;
    const zero = top + (height - below) / 2;
    const largest = Math.max(1e-12, ...this.#bars.map(({ value }) => Math.abs(value)));
    g.strokeStyle = colours.grid;
    g.lineWidth = 1;
    g.beginPath();
    g.moveTo(left, zero);
    g.lineTo(left + width, zero);
    g.stroke();
    g.font = `11px ${getComputedStyle(this.canvas).fontFamily}`;
    g.textAlign = "right";
    g.textBaseline = "middle";
    for (const [i, { name, value }] of this.#bars.entries()) {
      const length = (value / largest) * ((height - below) / 2 - 2);
      g.fillStyle = value < 0 ? colours.negative : colours.positive;
      g.fillRect(left + i * step + step * 0.12, Math.min(zero, zero - length), step * 0.76, Math.abs(length));
      if (!named) continue;
      g.fillStyle = colours.quiet;
      if (level) {
        g.textAlign = "center";
        g.fillText(name, left + (i + 0.5) * step, top + height - below / 2, step);
        continue;
      }
      g.save();
      g.translate(left + (i + 0.5) * step, top + height - below + 4);
      g.rotate(-Math.PI / 2.6);
      g.fillText(name, 0, 0, below);
      g.restore();
    }
  }
}
