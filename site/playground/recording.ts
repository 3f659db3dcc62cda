// The part with a recording: columns of a CSV, features of its sliding windows over time, and the
// windows of two recordings compared by a signature kernel. Files stay in the page.

import { palette } from "./colours.ts";
import type { Computer } from "./computer.ts";
import { button, check, number } from "./controls.ts";
import { type Columns, readColumns } from "./csv.ts";
import { fitted, h, inFrame } from "./dom.ts";
import type { Panel } from "./draw.ts";
import { exampleRecording } from "./example-recording.ts";
import { Heat } from "./heat.ts";
import type { CompareAnswer, Recording, WindowsAnswer } from "./messages.ts";
import type { State } from "./state.ts";
import { short, textOf } from "./words.ts";

/** Channels that are chosen at first. */
const usual = 3;
const mostChannels = 8;
/** A map has fewer cells than a screen has pixels. */
const mostWindows = 2_000;
const mostPairs = 300;

export interface RecordingPanel extends Panel {
  readonly columns: () => readonly string[];
}

export function recordingPanel(state: State, computer: Computer, changed: () => void): RecordingPanel {
  let first: { name: string; columns: Columns } | undefined;
  let second: { name: string; columns: Columns } | undefined;
  let chosen: string[] = [];
  let features: WindowsAnswer | undefined;
  let similar: CompareAnswer | undefined;
  let compareStep = 1;

  const status = h("p", { className: "pg-status", role: "status" });
  const columnBox = h("fieldset", { className: "pg-toggles" });
  const chart = h("canvas", { className: "pg-chart", role: "img" });
  const heat = new Heat(
    {
      read(row, column) {
        if (features === undefined) return "";
        const start = column * state.step;
        const value = features.data[column * features.size + row] ?? 0;
        const rows = `rows ${start}–${start + state.length - 1}`;
        return `${textOf(features.words[row] ?? [], chosen)}, ${rows}: ${short(value)}`;
      },
    },
    "pg-windows",
  );
  const gram = new Heat(
    {
      read(row, column) {
        if (similar === undefined) return "";
        const value = similar.data[row * similar.shape[1] + column] ?? 0;
        return `rows ${row * compareStep}… and ${column * compareStep + offset()}…: ${short(value)}`;
      },
    },
    "pg-gram",
  );
  const gramStatus = h("p", { className: "pg-note", role: "status" });

  /** Where the second recording begins in the first, if it is the first's other half. */
  const offset = () => (second === undefined ? Math.floor((first?.columns.numbers[0]?.length ?? 0) / 2) : 0);

  /** Chosen columns, each divided by its standard deviation in the first recording. */
  function scaled({ names, numbers }: Columns): Recording | undefined {
    const places = chosen.map((name) => names.indexOf(name));
    if (places.some((place) => place < 0) || places.length === 0) return undefined;
    const rows = numbers[0]?.length ?? 0;
    const data = new Float64Array(rows * places.length);
    for (const [c, place] of places.entries()) {
      const own = first?.columns.numbers[first.columns.names.indexOf(chosen[c] as string)] as Float64Array;
      const mean = own.reduce((sum, value) => sum + value, 0) / own.length;
      const scale = Math.sqrt(own.reduce((sum, value) => sum + (value - mean) ** 2, 0) / own.length) || 1;
      const column = numbers[place] as Float64Array;
      for (let i = 0; i < rows; i++) data[i * places.length + c] = (column[i] as number) / scale;
    }
    return { data, channels: places.length };
  }

  function part({ data, channels }: Recording, from: number, to: number): Recording {
    return { data: data.slice(from * channels, to * channels), channels };
  }

  function ask(): void {
    paintChart();
    features = similar = undefined;
    const recording = first && scaled(first.columns);
    if (first === undefined || recording === undefined) {
      status.textContent = first === undefined ? "" : "Choose at least one column.";
      return;
    }
    const rows = recording.data.length / recording.channels;
    if (rows < state.length) {
      status.textContent = `The recording has ${rows} rows, fewer than a window of ${state.length}.`;
      return;
    }
    const step = Math.max(state.step, Math.ceil((rows - state.length + 1) / mostWindows));
    state.step = step;
    stepInput.input.value = String(step);
    computer.ask({ kind: "windows", recording, length: state.length, step, depth: state.windowDepth });
    const other = second && scaled(second.columns);
    if (second !== undefined && other === undefined) {
      gramStatus.textContent = `${second.name} lacks a chosen column.`;
      return;
    }
    const half = Math.floor(rows / 2);
    const [a, b] = other === undefined ? [part(recording, 0, half), part(recording, half, rows)] : [recording, other];
    const shortest = Math.min(a.data.length, b.data.length) / recording.channels;
    if (shortest < state.length) {
      gramStatus.textContent = "The recordings to compare are shorter than a window.";
      return;
    }
    const longest = Math.max(a.data.length, b.data.length) / recording.channels;
    compareStep = Math.max(step, Math.ceil((longest - state.length + 1) / mostPairs));
    computer.ask({ kind: "compare", first: a, second: b, length: state.length, step: compareStep });
  }

  computer.on("windows", (found) => {
    features = found;
    const { windows, size, data } = found;
    // Words have very different sizes: each row has its own scale.
    const scales = Array.from({ length: size }, (_, j) => {
      let most = 0;
      for (let i = 0; i < windows; i++) most = Math.max(most, Math.abs(data[i * size + j] as number));
      return most || 1;
    });
    const table = new Float64Array(windows * size);
    for (let j = 0; j < size; j++)
      for (let i = 0; i < windows; i++) table[j * windows + i] = (data[i * size + j] as number) / (scales[j] as number);
    const text = `${size} words of ${windows} windows, each row by its own scale.`;
    heat.show(
      "Features over time",
      {
        rows: size,
        columns: windows,
        data: table,
        scale: 1,
        rowNames: found.words.map((word) => textOf(word, chosen)),
      },
      text,
    );
    const rows = first?.columns.numbers[0]?.length;
    const omitted = first?.columns.omitted ? `, ${first.columns.omitted} left out` : "";
    const time = `Computed in ${found.milliseconds.toFixed(1)} ms.`;
    status.textContent = `${first?.name}: ${rows} rows${omitted}. ${text} ${time}`;
  });

  computer.on("compare", (found) => {
    similar = found;
    const [rows, columns] = found.shape;
    const mean = found.data.reduce((sum, value) => sum + value, 0) / found.data.length;
    const other = second === undefined ? "its second half" : second.name;
    const what = second === undefined ? `the first half of ${first?.name}` : first?.name;
    gram.show(
      "Similarity",
      { rows, columns, data: found.data, scale: 1 },
      `${rows} by ${columns} windows, normalised signature kernels.`,
    );
    gramStatus.textContent = [
      `Rows: windows of ${what}; columns: of ${other}.`,
      `Normalised signature kernels, on average ${short(mean)}. Computed in ${found.milliseconds.toFixed(0)} ms.`,
    ].join(" ");
  });

  const paintChart = inFrame(() => {
    if (first === undefined || chart.clientWidth === 0) return;
    const { g, width, height } = fitted(chart);
    const colours = palette();
    chart.setAttribute(
      "aria-label",
      `The columns ${chosen.join(", ")} over ${first.columns.numbers[0]?.length ?? 0} rows`,
    );
    const lane = height / Math.max(1, chosen.length);
    g.font = `12px ${getComputedStyle(chart).fontFamily}`;
    for (const [c, name] of chosen.entries()) {
      const column = first.columns.numbers[first.columns.names.indexOf(name)] as Float64Array;
      let [low, high] = [Infinity, -Infinity];
      for (const value of column) [low, high] = [Math.min(low, value), Math.max(high, value)];
      g.strokeStyle = c % 2 ? colours.negative : colours.positive;
      g.lineWidth = 1.25;
      g.beginPath();
      const every = Math.max(1, Math.floor(column.length / (4 * width)));
      for (let i = 0; i < column.length; i += every) {
        const y = ((column[i] as number) - low) / (high - low || 1);
        g.lineTo((i / (column.length - 1 || 1)) * width, (c + 1) * lane - 4 - y * (lane - 20));
      }
      g.stroke();
      g.fillStyle = colours.ink;
      g.fillText(name, 4, c * lane + 12);
    }
  });
  new ResizeObserver(() => paintChart()).observe(chart);

  function showColumns(): void {
    const names = first?.columns.names ?? [];
    columnBox.hidden = names.length === 0;
    columnBox.replaceChildren(
      h("legend", {}, "Columns"),
      ...names.map(
        (name) =>
          check(name, chosen.includes(name), (checked) => {
            const wanted = names.filter((one) => (one === name ? checked : chosen.includes(one)));
            chosen = wanted.slice(0, mostChannels);
            showColumns();
            ask();
            changed();
          }).element,
      ),
    );
  }

  function take(name: string, text: string, place: "first" | "second"): void {
    let columns: Columns;
    try {
      columns = readColumns(text);
    } catch (error) {
      status.textContent = `${name} is not CSV: ${error instanceof Error ? error.message : error}`;
      return;
    }
    if (columns.names.length === 0 || (columns.numbers[0]?.length ?? 0) < 2) {
      status.textContent = `${name} has no columns of numbers.`;
      return;
    }
    if (place === "first") {
      first = { name, columns };
      chosen = columns.names.slice(0, usual);
      second = undefined;
      showColumns();
    } else second = { name, columns };
    ask();
    changed();
  }

  async function takeFile(file: File | undefined, place: "first" | "second"): Promise<void> {
    if (file !== undefined) take(file.name, await file.text(), place);
  }

  function dropZone(text: string, place: "first" | "second"): HTMLElement {
    const input = h("input", {
      type: "file",
      accept: ".csv,.tsv,.txt,text/csv",
      onchange: () => void takeFile(input.files?.[0], place),
    });
    const zone = h("label", { className: "pg-drop" }, h("span", {}, text), input);
    zone.addEventListener("dragover", (event) => {
      event.preventDefault();
      zone.classList.add("pg-over");
    });
    zone.addEventListener("dragleave", () => zone.classList.remove("pg-over"));
    zone.addEventListener("drop", (event) => {
      event.preventDefault();
      zone.classList.remove("pg-over");
      void takeFile(event.dataTransfer?.files[0], place);
    });
    return zone;
  }

  const setting = (text: string, key: "length" | "step" | "windowDepth", least: number, most: number) =>
    number(text, state[key], least, most, (value) => {
      state[key] = value;
      ask();
      changed();
    });
  const lengthInput = setting("Rows a window", "length", 2, 100_000);
  const stepInput = setting("Step", "step", 1, 100_000);
  const depthInput = setting("Depth", "windowDepth", 1, 4);

  const element = h(
    "section",
    { className: "pg-recording", "aria-label": "A recording" },
    h(
      "div",
      { className: "pg-row" },
      dropZone("Drop a CSV here, or choose one", "first"),
      dropZone("A second one, to compare", "second"),
      button("Load an example", () => take("example.csv", exampleRecording(), "first")),
    ),
    columnBox,
    h("div", { className: "pg-row" }, lengthInput.element, stepInput.element, depthInput.element),
    status,
    chart,
    heat.element,
    gram.element,
    gramStatus,
  );

  return {
    element,
    columns: () => chosen,
    show() {
      lengthInput.input.value = String(state.length);
      stepInput.input.value = String(state.step);
      depthInput.input.value = String(state.windowDepth);
      showColumns();
      ask();
    },
    paint() {
      paintChart();
      heat.paint();
      gram.paint();
    },
  };
}
