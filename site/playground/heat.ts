// A table of numbers as a heat map: cells that are read by the mouse or, once it has the focus, by
// the arrow keys, and chosen by a click or Enter.

import { palette, shades } from "./colours.ts";
import { fitted, h, inFrame } from "./dom.ts";

export interface Table {
  readonly rows: number;
  readonly columns: number;
  /** Row after row, each divided by `scale` for its colour. */
  readonly data: ArrayLike<number>;
  readonly scale: number;
  /** The names of rows, shown if rows are as high as letters. */
  readonly rowNames?: readonly string[];
}

const font = "12px";
const letterHeight = 14;
const widestName = 110;

export interface HeatEvents {
  /** What is said of a cell. */
  read(row: number, column: number): string;
  choose?(row: number, column: number): void;
}

export class Heat {
  readonly element: HTMLElement;
  readonly canvas: HTMLCanvasElement;
  readonly #title: HTMLElement;
  readonly #readout: HTMLElement;
  readonly #events: HeatEvents;
  readonly #paintSoon: () => void;
  #table: Table | undefined;
  #at: readonly [number, number] | undefined;
  /** A cell with a frame. */
  chosen: readonly [number, number] | undefined;
  #name = "";
  /** A pixel for each cell. */
  readonly #cells = new OffscreenCanvas(1, 1);
  #pen: OffscreenCanvasRenderingContext2D | undefined;
  /** The width of the rows' names on the screen. */
  #margin = 0;

  constructor(events: HeatEvents, className = "") {
    this.#events = events;
    this.#title = h("span", { className: "pg-heat-title" });
    this.#readout = h("output", { className: "pg-readout" });
    this.canvas = h("canvas", { tabIndex: 0, role: "application", "aria-roledescription": "heat map" });
    this.element = h(
      "div",
      { className: `pg-heat ${className}` },
      h("p", { className: "pg-heat-head" }, this.#title, this.#readout),
      this.canvas,
    );
    this.#paintSoon = inFrame(() => this.#paint());
    this.canvas.addEventListener("pointermove", (event) => this.#look(this.#cellOf(event)));
    this.canvas.addEventListener("pointerleave", () => this.#look(undefined));
    this.canvas.addEventListener("click", (event) => this.#choose(this.#cellOf(event)));
    this.canvas.addEventListener("keydown", (event) => this.#key(event));
    this.canvas.addEventListener("blur", () => this.#look(undefined));
    new ResizeObserver(() => this.#paintSoon()).observe(this.canvas);
  }

  show(title: string, table: Table, description: string): void {
    this.#table = table;
    if (title !== this.#name) this.#title.textContent = this.#name = title;
    this.canvas.setAttribute("aria-label", `${title}. ${description} Arrow keys read cells.`);
    if (this.#at !== undefined) this.#look(this.#at);
    this.#paintSoon();
  }

  paint(): void {
    this.#paintSoon();
  }

  #cellOf({ offsetX, offsetY }: MouseEvent): readonly [number, number] | undefined {
    if (this.#table === undefined) return undefined;
    const { rows, columns } = this.#table;
    const { clientWidth, clientHeight } = this.canvas;
    const within = (value: number, most: number) => Math.max(0, Math.min(most - 1, Math.floor(value)));
    const x = (offsetX - this.#margin) / (clientWidth - this.#margin);
    return [within((offsetY / clientHeight) * rows, rows), within(x * columns, columns)];
  }

  #look(at: readonly [number, number] | undefined): void {
    this.#at = at;
    this.#readout.textContent = at === undefined ? "" : this.#events.read(...at);
    this.#paintSoon();
  }

  #choose(at: readonly [number, number] | undefined): void {
    if (at !== undefined) this.#events.choose?.(...at);
  }

  #key(event: KeyboardEvent): void {
    const moves: Record<string, readonly [number, number]> = {
      ArrowLeft: [0, -1],
      ArrowRight: [0, 1],
      ArrowUp: [-1, 0],
      ArrowDown: [1, 0],
    };
    const move = moves[event.key];
    if (move && this.#table) {
      const { rows, columns } = this.#table;
      const [row, column] = this.#at ?? [0, 0];
      const within = (value: number, most: number) => Math.max(0, Math.min(most - 1, value));
      this.#look(this.#at === undefined ? [0, 0] : [within(row + move[0], rows), within(column + move[1], columns)]);
    } else if (event.key === "Enter" || event.key === " ") this.#choose(this.#at);
    else return;
    event.preventDefault();
  }

  #paint(): void {
    if (this.#table === undefined || this.canvas.clientWidth === 0) return;
    const { g, width, height } = fitted(this.canvas);
    this.#margin = this.paintTo(g, 0, 0, width, height);
  }

  /** Names of rows on the left; returns the width that they take. */
  #nameRows(g: CanvasRenderingContext2D, left: number, top: number, height: number): number {
    const { rows, rowNames } = this.#table as Table;
    if (rowNames === undefined || rowNames.length === 0 || height / rows < letterHeight) return 0;
    g.font = `${font} ${getComputedStyle(this.canvas).fontFamily}`;
    const width = Math.min(widestName, Math.max(...rowNames.map((name) => g.measureText(name).width)));
    g.fillStyle = palette().quiet;
    g.textAlign = "right";
    g.textBaseline = "middle";
    for (const [i, name] of rowNames.entries())
      g.fillText(name, left + width + 4, top + ((i + 0.5) * height) / rows, width);
    return width + 10;
  }

  /** Paints into a rectangle; for pictures, too. Returns the width of the rows' names. */
  paintTo(g: CanvasRenderingContext2D, start: number, top: number, wide: number, height: number): number {
    if (this.#table === undefined) return 0;
    const { rows, columns, data, scale } = this.#table;
    const margin = this.#nameRows(g, start, top, height);
    const [left, width] = [start + margin, wide - margin];
    const shade = shades();
    const small = this.#cells;
    if (small.width !== columns || small.height !== rows) Object.assign(small, { width: columns, height: rows });
    this.#pen ??= small.getContext("2d") as OffscreenCanvasRenderingContext2D;
    const image = new ImageData(columns, rows);
    const cells = new Uint32Array(image.data.buffer);
    for (let row = 0; row < rows; row++) {
      for (let column = 0; column < columns; column++) {
        const index = row * columns + column;
        cells[index] = shade(scale > 0 ? (data[index] as number) / scale : 0);
      }
    }
    this.#pen.putImageData(image, 0, 0);
    g.imageSmoothingEnabled = false;
    g.drawImage(small, left, top, width, height);
    const [w, t] = [width / columns, height / rows];
    const colours = palette();
    if (w >= 12 && t >= 12) {
      g.strokeStyle = colours.background;
      g.lineWidth = 1;
      g.beginPath();
      for (let i = 1; i < columns; i++) {
        g.moveTo(left + i * w, top);
        g.lineTo(left + i * w, top + height);
      }
      for (let i = 1; i < rows; i++) {
        g.moveTo(left, top + i * t);
        g.lineTo(left + width, top + i * t);
      }
      g.stroke();
    }
    const frame = ([row, column]: readonly [number, number], colour: string, line: number) => {
      g.strokeStyle = colour;
      g.lineWidth = line;
      g.strokeRect(
        left + column * w + line / 2,
        top + row * t + line / 2,
        Math.max(w - line, 2),
        Math.max(t - line, 2),
      );
    };
    if (this.chosen !== undefined) frame(this.chosen, colours.arrow, 3);
    if (this.#at !== undefined) frame(this.#at, colours.ink, 2);
    return margin;
  }
}
