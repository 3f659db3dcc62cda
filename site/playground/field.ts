// The field to draw in: a canvas with the path, the area that it winds around, and gradient arrows.
// Mouse, touch, pen and keyboard draw and move points.

import { shade } from "./area.ts";
import { palette } from "./colours.ts";
import { fitted, h, inFrame } from "./dom.ts";
import { type Point, quantised } from "./state.ts";
import { thin } from "./thin.ts";

export type Tool = "draw" | "move";

export interface FieldContent {
  readonly points: readonly Point[];
  readonly before: readonly Point[];
  /** Of the chosen coefficient, (points, 2); undefined if none is chosen, or not yet computed. */
  readonly gradient: Float64Array | undefined;
}

export interface FieldEvents {
  /** A drawing has begun; it has its first point. */
  begin(points: Point[]): void;
  /** Points were added or moved. */
  change(points: Point[]): void;
  /** A drawing is complete, or points are where they stay. */
  end(points: Point[]): void;
  select(place: number | undefined): void;
}

/** Pixels around a point in which it can be taken. */
const reach = 22;
const longestArrow = 0.16;
const most = 4_000;

export class Field {
  readonly canvas: HTMLCanvasElement;
  tool: Tool = "draw";
  content: FieldContent = { points: [], before: [], gradient: undefined };
  shaded = true;
  readonly #events: FieldEvents;
  #selected: number | undefined;
  #drawing: { points: Point[]; start: number } | undefined;
  #moving: number | undefined;
  readonly paint: () => void;

  constructor(events: FieldEvents, help: string) {
    this.#events = events;
    this.paint = inFrame(() => this.#paint());
    this.canvas = h("canvas", {
      className: "pg-field",
      tabIndex: 0,
      role: "application",
      "aria-roledescription": "drawing",
      "aria-describedby": help,
    });
    this.canvas.addEventListener("pointerdown", (event) => this.#down(event));
    this.canvas.addEventListener("pointermove", (event) => this.#move(event));
    for (const name of ["pointerup", "pointercancel"] as const) this.canvas.addEventListener(name, () => this.#up());
    this.canvas.addEventListener("keydown", (event) => this.#key(event));
    for (const name of ["focus", "blur"]) this.canvas.addEventListener(name, () => this.paint());
    new ResizeObserver(() => this.paint()).observe(this.canvas);
  }

  get selected(): number | undefined {
    return this.#selected;
  }

  #select(place: number | undefined): void {
    this.#selected = place;
    this.#events.select(place);
    this.paint();
  }

  /** To be called when the points are no longer those that one was selected of. */
  forget(): void {
    this.#selected = undefined;
    this.#moving = undefined;
  }

  #pointOf(event: PointerEvent, t: number): Point {
    const { left, bottom, width } = this.canvas.getBoundingClientRect();
    const clamp = (value: number) => Math.max(0, Math.min(1, value));
    return quantised({ x: clamp((event.clientX - left) / width), y: clamp((bottom - event.clientY) / width), t });
  }

  #down(event: PointerEvent): void {
    if (event.button !== 0 || this.#drawing !== undefined || this.#moving !== undefined) return;
    this.canvas.setPointerCapture(event.pointerId);
    if (this.tool === "move") {
      const { width } = this.canvas.getBoundingClientRect();
      const at = this.#pointOf(event, 0);
      const distances = this.content.points.map(({ x, y }) => Math.hypot(x - at.x, y - at.y) * width);
      const nearest = distances.reduce((best, d, i) => (d < (distances[best] ?? Infinity) ? i : best), 0);
      if ((distances[nearest] ?? Infinity) > reach) return;
      this.#moving = nearest;
      this.#select(nearest);
      return;
    }
    this.#selected = undefined;
    this.#drawing = { points: [this.#pointOf(event, 0)], start: event.timeStamp };
    this.#events.begin(this.#drawing.points);
    this.paint();
  }

  #move(event: PointerEvent): void {
    if (this.#moving !== undefined) {
      this.#put(this.#moving, this.#pointOf(event, 0));
      return;
    }
    if (this.#drawing === undefined) return;
    const { points, start } = this.#drawing;
    // Between two frames a pen reports several places.
    const events = event.getCoalescedEvents?.() ?? [];
    for (const one of events.length > 0 ? events : [event]) {
      const point = this.#pointOf(one, Math.max(0, one.timeStamp - start) / 1000);
      const last = points.at(-1) as Point;
      if (points.length < most && (point.x !== last.x || point.y !== last.y)) points.push(point);
    }
    this.#events.change(points);
    this.paint();
  }

  #up(): void {
    if (this.#moving !== undefined) {
      this.#moving = undefined;
      this.#events.end([...this.content.points]);
    }
    if (this.#drawing !== undefined) {
      const points = thin(this.#drawing.points);
      this.#drawing = undefined;
      this.#events.end(points);
    }
  }

  #put(place: number, { x, y }: Point): void {
    const points = this.content.points.map((point, i) => (i === place ? { x, y, t: point.t } : point));
    this.#events.change(points);
    this.paint();
  }

  #key(event: KeyboardEvent): void {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const { points } = this.content;
    const place = Math.min(this.#selected ?? points.length - 1, points.length - 1);
    const point = points[place];
    const step = event.shiftKey ? 0.05 : 0.01;
    const moves: Record<string, readonly [number, number]> = {
      ArrowLeft: [-step, 0],
      ArrowRight: [step, 0],
      ArrowUp: [0, step],
      ArrowDown: [0, -step],
    };
    const move = moves[event.key];
    const clamp = (value: number) => Math.max(0, Math.min(1, value));
    if (move && point) {
      this.#select(place);
      this.#put(place, quantised({ x: clamp(point.x + move[0]), y: clamp(point.y + move[1]), t: point.t }));
      this.#events.end([...this.content.points]);
    } else if ((event.key === "PageDown" || event.key === "n") && points.length > 0) {
      this.#select(this.#selected === undefined ? 0 : Math.min(place + 1, points.length - 1));
    } else if ((event.key === "PageUp" || event.key === "p") && points.length > 0) {
      this.#select(Math.max(place - 1, 0));
    } else if (event.key === "Insert" || event.key === "a") {
      const last = points.at(-1) ?? { x: 0.5, y: 0.5, t: -0.1 };
      const added = quantised({ x: clamp(last.x + (points.length ? 0.05 : 0)), y: last.y, t: last.t + 0.1 });
      this.#events.change([...points, added]);
      this.#select(points.length);
      this.#events.end([...this.content.points]);
    } else if (event.key === "Delete" && point) {
      if (points.length === 1) return;
      this.#events.change(points.filter((_, i) => i !== place));
      this.#select(Math.max(0, place - 1));
      this.#events.end([...this.content.points]);
    } else return;
    event.preventDefault();
  }

  #paint(): void {
    if (this.canvas.clientWidth === 0) return;
    const { g, width: size } = fitted(this.canvas);
    this.paintTo(g, size, document.activeElement === this.canvas);
  }

  /** Paints the field with a side of `size`; for pictures, too. */
  paintTo(g: CanvasRenderingContext2D, size: number, focused = false): void {
    const colours = palette();
    const { points, before, gradient } = this.content;
    g.fillStyle = colours.background;
    g.fillRect(0, 0, size, size);
    g.strokeStyle = colours.grid;
    g.lineWidth = 1;
    for (let i = 1; i < 10; i++) {
      const place = Math.round((i * size) / 10) + 0.5;
      g.beginPath();
      g.moveTo(place, 0);
      g.lineTo(place, size);
      g.moveTo(0, place);
      g.lineTo(size, place);
      g.stroke();
    }
    const at = ({ x, y }: { x: number; y: number }) => [x * size, (1 - y) * size] as const;
    const line = (path: readonly Point[]) => {
      g.beginPath();
      for (const point of path) g.lineTo(...at(point));
      g.stroke();
    };
    g.lineJoin = g.lineCap = "round";
    if (before.length > 1) {
      g.strokeStyle = colours.before;
      g.lineWidth = 2;
      g.setLineDash([2, 5]);
      line(before);
      g.setLineDash([]);
    }
    const [first, last] = [points[0], points.at(-1)];
    if (first === undefined || last === undefined) return;
    if (this.shaded) {
      // Coarser while a finger moves: most of a frame's time is here.
      shade(g, points, size, colours, this.#drawing === undefined ? 1 : 3);
      g.strokeStyle = colours.quiet;
      g.lineWidth = 1;
      g.setLineDash([5, 4]);
      line([first, last]);
      g.setLineDash([]);
    }
    g.strokeStyle = colours.ink;
    g.lineWidth = 2.5;
    line(points);
    if (this.#drawing === undefined) {
      g.fillStyle = colours.ink;
      const radius = this.tool === "move" ? 4 : 2.5;
      for (const point of points) {
        g.beginPath();
        g.arc(...at(point), radius, 0, 2 * Math.PI);
        g.fill();
      }
    }
    // Where it starts: a ring.
    g.fillStyle = colours.background;
    g.strokeStyle = colours.ink;
    g.lineWidth = 2;
    g.beginPath();
    g.arc(...at(first), 5, 0, 2 * Math.PI);
    g.fill();
    g.stroke();
    if (gradient !== undefined && gradient.length === 2 * points.length) this.#arrows(g, size, gradient);
    const chosen = this.#selected === undefined ? undefined : points[this.#selected];
    if (chosen && (focused || this.tool === "move")) {
      g.strokeStyle = colours.positive;
      g.lineWidth = 2.5;
      g.beginPath();
      g.arc(...at(chosen), 9, 0, 2 * Math.PI);
      g.stroke();
    }
  }

  /** The longest arrow has a fixed length; the others have theirs in proportion. */
  #arrows(g: CanvasRenderingContext2D, size: number, gradient: Float64Array): void {
    const { points } = this.content;
    const lengths = points.map((_, i) => Math.hypot(gradient[2 * i] as number, gradient[2 * i + 1] as number));
    const longest = Math.max(...lengths);
    if (!(longest > 0)) return;
    g.strokeStyle = g.fillStyle = palette().arrow;
    g.lineWidth = 2;
    const scale = (longestArrow * size) / longest;
    for (const [i, { x, y }] of points.entries()) {
      if ((lengths[i] as number) * scale < 2) continue;
      const [x0, y0] = [x * size, (1 - y) * size];
      const [dx, dy] = [(gradient[2 * i] as number) * scale, -(gradient[2 * i + 1] as number) * scale];
      const [x1, y1] = [x0 + dx, y0 + dy];
      const angle = Math.atan2(dy, dx);
      const head = Math.min(8, Math.hypot(dx, dy) * 0.6);
      g.beginPath();
      g.moveTo(x0, y0);
      g.lineTo(x1 - (head / 2) * Math.cos(angle), y1 - (head / 2) * Math.sin(angle));
      g.stroke();
      g.beginPath();
      g.moveTo(x1, y1);
      for (const side of [-0.45, 0.45])
        g.lineTo(x1 - head * Math.cos(angle + side), y1 - head * Math.sin(angle + side));
      g.closePath();
      g.fill();
    }
  }
}
