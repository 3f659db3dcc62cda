// The part that learns gestures: a few drawings of each, a ridge classifier on their signatures,
// its confusion matrix, and a guess while one draws.

import type { Computer } from "./computer.ts";
import { button, choice } from "./controls.ts";
import { h } from "./dom.ts";
import type { Panel } from "./draw.ts";
import { Field } from "./field.ts";
import { drawingOf, type Gesture, type Point, type State } from "./state.ts";

/** Few, so that a matrix of them can be read. */
const mostGestures = 8;

export function teachPanel(state: State, computer: Computer, changed: () => void): Panel {
  /** The gesture that a drawing is of, or "guess". */
  let mode = "guess";
  let points: Point[] = [];

  const help = h(
    "p",
    { id: "pg-teach-help", className: "pg-help" },
    "Choose a gesture and draw it three times or more, then the others. Choose “Guess” and draw: the bars ",
    "follow. Place, size and speed do not matter.",
  );
  const status = h("p", { className: "pg-status", role: "status" });
  const scores = h("div", { className: "pg-scores" });
  const matrix = h("div", { className: "pg-matrix" });
  const modes = h("div", { className: "pg-row" });

  const gestureOf = (): Gesture | undefined => state.gestures.find(({ name }) => name === mode);

  const field = new Field(
    {
      begin: (drawn) => follow(drawn),
      change: (drawn) => follow(drawn),
      end(drawn) {
        follow(drawn);
        const gesture = gestureOf();
        if (gesture === undefined) return;
        if (drawn.length < 2) return;
        gesture.drawings.push(drawn);
        learn();
        changed();
      },
      select() {},
    },
    "pg-teach-help",
  );
  field.canvas.setAttribute("aria-label", "Gesture");
  field.shaded = false;

  function follow(drawn: Point[]): void {
    points = drawn;
    field.content = { points, before: [], gradient: undefined };
    field.paint();
    if (mode === "guess" && points.length > 1) computer.ask({ kind: "guess", drawing: drawingOf(points) });
  }

  function learn(): void {
    computer.ask({
      kind: "learn",
      classes: state.gestures.map(({ name }) => name),
      drawings: state.gestures.flatMap(({ drawings }, label) =>
        drawings.map((drawing) => ({ drawing: drawingOf(drawing), label })),
      ),
    });
    refresh();
  }

  function refresh(): void {
    const options = [
      ...state.gestures.map(({ name, drawings }) => [name, `${name} (${drawings.length})`] as const),
      ["guess", "Guess"] as const,
    ];
    const focused = modes.contains(document.activeElement);
    const control = choice("Draw", options, mode, (value) => {
      mode = value;
      points = [];
      field.content = { points, before: [], gradient: undefined };
      field.paint();
      scores.replaceChildren();
    });
    modes.replaceChildren(control.element);
    if (focused) control.element.querySelector<HTMLInputElement>("input:checked")?.focus();
  }

  computer.on("learn", ({ counts, right, total }) => {
    if (total === 0) {
      matrix.replaceChildren();
      status.textContent = "Two gestures are needed before anything can be told apart.";
      return;
    }
    const names = state.gestures.map(({ name }) => name);
    status.textContent = `${right} of ${total} drawings are guessed right by what the others teach.`;
    matrix.replaceChildren(
      h("p", { id: "pg-matrix-title" }, "Confusion matrix: rows are what was drawn, columns the guess."),
      h(
        "table",
        { "aria-labelledby": "pg-matrix-title" },
        h("thead", {}, h("tr", {}, h("td"), ...names.map((name) => h("th", { scope: "col" }, name)))),
        h(
          "tbody",
          {},
          ...names.map((name, row) =>
            h(
              "tr",
              {},
              h("th", { scope: "row" }, name),
              ...(counts[row] ?? []).map((count, column) =>
                h(
                  "td",
                  { className: count === 0 ? "" : row === column ? "pg-right-guess" : "pg-wrong-guess" },
                  String(count),
                ),
              ),
            ),
          ),
        ),
      ),
    );
  });

  computer.on("guess", ({ scores: found }) => {
    if (mode !== "guess") return;
    if (found === undefined) {
      scores.replaceChildren(h("p", {}, "Nothing was learned yet."));
      return;
    }
    const best = found.reduce((top, value, i) => (value > (found[top] as number) ? i : top), 0);
    scores.replaceChildren(
      h("p", { className: "pg-guess" }, "Guess: ", h("strong", {}, state.gestures[best]?.name ?? "")),
      ...found.map((value, i) =>
        h(
          "div",
          { className: "pg-score" },
          h("span", {}, state.gestures[i]?.name ?? ""),
          h("meter", {
            min: -1,
            max: 1,
            value: Math.max(-1, Math.min(1, value)),
            "aria-label": `score of ${state.gestures[i]?.name}`,
          }),
        ),
      ),
    );
  });

  const name = h("input", { type: "text", id: "pg-gesture", maxLength: 20, autocomplete: "off" });
  function add(): void {
    const text = name.value.trim();
    if (text === "" || text === "guess" || state.gestures.some((one) => one.name === text)) return;
    if (state.gestures.length >= mostGestures) return;
    state.gestures.push({ name: text, drawings: [] });
    name.value = "";
    mode = text;
    learn();
    changed();
  }

  const element = h(
    "section",
    { className: "pg-draw", "aria-label": "Teach gestures" },
    h(
      "div",
      { className: "pg-left" },
      modes,
      field.canvas,
      help,
      h(
        "div",
        { className: "pg-row" },
        button("Remove the last drawing", () => {
          gestureOf()?.drawings.pop();
          points = [];
          field.content = { points, before: [], gradient: undefined };
          field.paint();
          learn();
          changed();
        }),
        button("Forget all", () => {
          for (const gesture of state.gestures) gesture.drawings = [];
          learn();
          changed();
        }),
      ),
      h("div", { className: "pg-row" }, h("label", { for: "pg-gesture" }, "New gesture"), name, button("Add", add)),
    ),
    h("div", { className: "pg-right" }, status, scores, matrix),
  );

  return {
    element,
    show() {
      mode = state.gestures.some(({ drawings }) => drawings.length > 0)
        ? "guess"
        : (state.gestures[0]?.name ?? "guess");
      points = [];
      field.content = { points, before: [], gradient: undefined };
      scores.replaceChildren();
      learn();
      field.paint();
    },
    paint: () => field.paint(),
  };
}
