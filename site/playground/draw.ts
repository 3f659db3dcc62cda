// The part with one drawing: its signature level by level, its log-signature, what changed since
// the drawing before, and the gradient of a chosen coefficient.

import { Bars } from "./bars.ts";
import type { Computer } from "./computer.ts";
import { button, check, choice } from "./controls.ts";
import { afterPause, h } from "./dom.ts";
import { Field } from "./field.ts";
import { Heat } from "./heat.ts";
import type { PathAnswer } from "./messages.ts";
import { drawingOf, quantised, type State, toggleNames } from "./state.ts";
import { indexIn, shapeOf, short, startOf, textOf, wordAt, wordOf } from "./words.ts";

const toggleTexts = {
  time: "Time",
  leadLag: "Lead-lag",
  basepoint: "Basepoint",
  invisibilityReset: "Invisibility reset",
} as const;

const levels = [1, 2, 3, 4] as const;

/** More coefficients of a log-signature are not told apart. */
const mostBars = 120;

export interface Panel {
  readonly element: HTMLElement;
  /** Shows the state, all of which may have changed. */
  show(): void;
  paint(): void;
}

export interface DrawPanel extends Panel {
  /** For a picture of what is shown. */
  readonly field: Field;
  readonly heats: readonly Heat[];
  readonly bars: Bars;
  readonly answer: () => PathAnswer | undefined;
}

export function drawPanel(state: State, computer: Computer, changed: () => void): DrawPanel {
  let answer: PathAnswer | undefined;
  /** Whether the gradient of the last answer is that of the points shown. */
  let current = false;

  const help = h(
    "p",
    { id: "pg-field-help", className: "pg-help" },
    "Draw with mouse, finger or pen. Keys: n and p choose the next and previous point, arrows move it ",
    "(with Shift further), a adds a point, Delete removes one.",
  );
  const status = h("p", { className: "pg-status", role: "status" });
  const selection = h("p", { className: "visually-hidden", role: "status" });

  const field = new Field(
    {
      begin(points) {
        state.before = state.points.length > 1 ? state.points : state.before;
        state.points = points;
        ask();
      },
      change(points) {
        state.points = points;
        ask();
      },
      end(points) {
        state.points = points;
        ask();
        changed();
      },
      select(place) {
        const point = place === undefined ? undefined : state.points[place];
        selection.textContent =
          point === undefined
            ? ""
            : `Point ${(place as number) + 1} of ${state.points.length}: x ${point.x}, y ${point.y}`;
      },
    },
    "pg-field-help",
  );
  field.canvas.setAttribute("aria-label", "Path");

  function ask(): void {
    current = false;
    hideLevels();
    field.content = { points: state.points, before: state.before, gradient: undefined };
    field.paint();
    computer.ask({
      kind: "path",
      drawing: drawingOf(state.points),
      before: state.before.length > 1 ? drawingOf(state.before) : undefined,
      depth: state.depth,
      toggles: state.toggles,
      word: state.word,
    });
  }

  const heats = levels.map(
    (level) =>
      new Heat(
        {
          read(row, column) {
            if (answer === undefined) return "";
            const channels = answer.names.length;
            const { columns } = shapeOf(channels, level);
            const index = row * columns + column;
            const value = answer.signature[startOf(channels, level) + index] ?? 0;
            return `${textOf(wordAt(index, channels, level), answer.names)}: ${short(value)}`;
          },
          choose(row, column) {
            if (answer === undefined) return;
            const channels = answer.names.length;
            choose(wordAt(row * shapeOf(channels, level).columns + column, channels, level));
          },
        },
        `pg-level-${level}`,
      ),
  );
  /** Before the answer is there, so that nothing moves when it comes. */
  const hideLevels = () => {
    for (const [i, heat] of heats.entries()) heat.element.hidden = (levels[i] as number) > state.depth;
  };
  const bars = new Bars();

  const wordInput = h("input", {
    type: "text",
    id: "pg-word",
    autocomplete: "off",
    spellcheck: false,
    placeholder: "x y",
    "aria-describedby": "pg-word-note",
    onchange: () => {
      if (answer === undefined) return;
      if (wordInput.value.trim() === "") choose(undefined);
      else choose(wordOf(wordInput.value, answer.names) ?? state.word);
    },
  });
  const wordNote = h("p", { id: "pg-word-note", className: "pg-note" });

  function choose(word: number[] | undefined): void {
    const same = word !== undefined && state.word?.join() === word.join();
    state.word = same ? undefined : word;
    ask();
    changed();
  }

  const largest = h("ol", { className: "pg-largest" });
  const change = h("div", { className: "pg-change" });

  /** Words for people who do not see the maps; not while a finger moves. */
  const describe = afterPause(() => {
    if (answer === undefined) return;
    const { names, signature, depth, area } = answer;
    const channels = names.length;
    const all: { word: number[]; value: number }[] = [];
    for (let level = 1; level <= depth; level++) {
      const start = startOf(channels, level);
      for (let i = 0; i < channels ** level; i++)
        all.push({ word: wordAt(i, channels, level), value: signature[start + i] as number });
    }
    all.sort((a, b) => Math.abs(b.value) - Math.abs(a.value));
    largest.replaceChildren(
      ...all.slice(0, 8).map(({ word, value }) => {
        const text = textOf(word, names);
        return h(
          "li",
          {},
          button(`${text}: ${short(value)}`, () => choose(word), {
            className: "pg-link",
            "aria-pressed": String(state.word?.join() === word.join()),
          }),
        );
      }),
    );
    status.textContent = [
      `${state.points.length} points, ${channels} channels (${names.join(", ")}), ${signature.length} coefficients.`,
      `Lévy area ${short(area)}.`,
    ].join(" ");
  }, 150);

  computer.on("path", (found) => {
    answer = found;
    const { names, signature, depth } = found;
    const channels = names.length;
    const valid = state.word !== undefined && found.gradient !== undefined;
    current = valid && found.gradient?.length === 2 * state.points.length;
    field.content = {
      points: state.points,
      before: state.before,
      gradient: current ? found.gradient : undefined,
    };
    field.paint();
    for (const [i, level] of levels.entries()) {
      const heat = heats[i] as Heat;
      if (level > depth) continue;
      const { rows, columns } = shapeOf(channels, level);
      const data = signature.subarray(startOf(channels, level), startOf(channels, level + 1));
      let scale = 0;
      for (const value of data) scale = Math.max(scale, Math.abs(value));
      const chosen = state.word?.length === level ? indexIn(state.word, channels) : undefined;
      heat.chosen = chosen === undefined ? undefined : [Math.floor(chosen / columns), chosen % columns];
      const size = `${channels ** level} ${channels ** level === 1 ? "number" : "numbers"}`;
      const firstLetters = Math.floor(level / 2);
      const rowNames =
        firstLetters === 0
          ? []
          : Array.from({ length: rows }, (_, row) => `${textOf(wordAt(row, channels, firstLetters), names)} …`);
      heat.show(`Level ${level}`, { rows, columns, data, scale, rowNames }, `${size}, the largest ${short(scale)}.`);
    }
    const shown = found.logWords.slice(0, mostBars);
    const rest = shown.length < found.logWords.length ? `, the first ${shown.length}` : "";
    const title = `Log-signature: ${found.logWords.length} Lyndon words${rest}`;
    bars.show(
      shown.map((word, i) => ({ name: textOf(word, names), value: found.logSignature[i] as number })),
      `${title}.`,
    );
    barsTitle.textContent = title;
    if (document.activeElement !== wordInput)
      wordInput.value = state.word === undefined ? "" : textOf(state.word, names);
    wordNote.textContent =
      state.word === undefined
        ? "Choose a cell or name a word: arrows show its gradient, the way in which each point raises it most."
        : valid
          ? `Arrows: the gradient of ${textOf(state.word, names)}. Choose it again to hide them.`
          : "This word is not among those shown: channels or levels changed.";
    change.replaceChildren(
      ...(found.change === undefined
        ? []
        : [
            h("h3", {}, "Change since the drawing before"),
            h(
              "ul",
              {},
              ...found.change.map((part, i) =>
                h(
                  "li",
                  {},
                  h("span", {}, `Level ${i + 1}: ${(100 * part).toFixed(part < 0.0995 ? 1 : 0)} %`),
                  h("meter", { min: 0, max: 1, value: Math.min(1, part), "aria-label": `change of level ${i + 1}` }),
                ),
              ),
            ),
          ]),
    );
    timing.textContent = `Computed in ${found.milliseconds.toFixed(1)} ms.`;
    describe();
  });

  const timing = h("p", { className: "pg-note" });
  const barsTitle = h("h3", {}, "Log-signature");

  const tool = choice(
    "Pointer",
    [
      ["draw", "Draw"],
      ["move", "Move points"],
    ] as const,
    "draw",
    (value) => {
      field.tool = value;
      field.canvas.classList.toggle("pg-moving", value === "move");
      field.paint();
    },
  );
  const depth = choice(
    "Levels",
    levels.map((level) => [String(level), String(level)] as const),
    String(state.depth),
    (value) => {
      state.depth = Number(value);
      ask();
      changed();
    },
  );
  const toggles = toggleNames.map((name) =>
    check(toggleTexts[name], state.toggles[name], (checked) => {
      state.toggles = { ...state.toggles, [name]: checked };
      ask();
      changed();
    }),
  );
  const shaded = check("Shade the Lévy area", true, (checked) => {
    field.shaded = checked;
    field.paint();
  });

  /** The same way, at first slowly and then fast. */
  function otherSpeed(): void {
    const total = state.points.at(-1)?.t || 1;
    state.before = state.points;
    state.points = state.points.map((point) => quantised({ ...point, t: total * (1 - (1 - point.t / total) ** 3) }));
    ask();
    changed();
  }

  function clear(): void {
    state.points = [{ x: 0.5, y: 0.5, t: 0 }];
    state.before = [];
    state.word = undefined;
    field.forget();
    ask();
    changed();
  }

  const element = h(
    "section",
    { className: "pg-draw", "aria-label": "Draw a path" },
    h(
      "div",
      { className: "pg-left" },
      h(
        "div",
        { className: "pg-row" },
        tool.element,
        button("Clear", clear),
        button("Same way, other speed", otherSpeed),
      ),
      field.canvas,
      help,
      h("fieldset", { className: "pg-toggles" }, h("legend", {}, "Augment the path"), ...toggles.map((t) => t.element)),
      shaded.element,
      // Below the controls, which stay where they are when it takes another line.
      status,
      selection,
    ),
    h(
      "div",
      { className: "pg-right" },
      h("div", { className: "pg-row" }, depth.element, timing),
      h("div", { className: "pg-heats" }, ...heats.map((heat) => heat.element)),
      h("label", { className: "pg-word", for: "pg-word" }, "Word for the gradient"),
      wordInput,
      wordNote,
      barsTitle,
      bars.canvas,
      change,
      h("h3", {}, "Largest coefficients"),
      largest,
    ),
  );

  return {
    element,
    field,
    heats,
    bars,
    answer: () => answer,
    show() {
      depth.set(String(state.depth));
      for (const [i, name] of toggleNames.entries())
        (toggles[i] as { input: HTMLInputElement }).input.checked = state.toggles[name];
      field.forget();
      ask();
    },
    paint() {
      field.paint();
      bars.paint();
      for (const heat of heats) heat.paint();
    },
  };
}
