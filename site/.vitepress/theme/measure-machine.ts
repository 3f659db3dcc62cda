// A button that measures signatures in the reader's browser, and the table of what it found.

import { defineComponent, h, onBeforeUnmount, ref } from "vue";
import { type FromMeasure, nameOf, rows } from "../../measure/rows.ts";

export const MeasureMachine = defineComponent({
  setup() {
    const state = ref<"ready" | "running" | "done" | "failed">("ready");
    const found = ref<{ one: number; all: number }[]>([]);
    const message = ref("");
    let worker: Worker | undefined;
    onBeforeUnmount(() => worker?.terminate());

    async function measure(): Promise<void> {
      state.value = "running";
      found.value = [];
      const { start } = await import("../../measure/main.ts");
      worker = start((answer: FromMeasure) => {
        if ("row" in answer) found.value = [...found.value, answer];
        else {
          worker?.terminate();
          state.value = "done" in answer ? "done" : "failed";
          message.value = "done" in answer ? answer.done : answer.error;
        }
      });
    }

    const cells = (row: number) => {
      const { one, all } = found.value[row] ?? {};
      const text = (value: number | undefined) => (value === undefined ? "" : value.toPrecision(3));
      return [text(one), text(all), one && all ? `${(one / all).toFixed(2)}×` : ""].map((value) => h("td", value));
    };

    return () =>
      h("div", { class: "measure", "data-state": state.value }, [
        h(
          "button",
          { type: "button", class: "sample-run", disabled: state.value === "running", onClick: () => void measure() },
          state.value === "running" ? `Measuring ${found.value.length + 1} of ${rows.length}…` : "Measure this machine",
        ),
        h("p", { role: "status" }, message.value),
        found.value.length > 0
          ? h("table", [
              h("thead", [
                h("tr", [
                  h("th", { scope: "col" }, "batch×points×d^N"),
                  h("th", { scope: "col" }, "one thread, ms"),
                  h("th", { scope: "col" }, "engine, ms"),
                  h("th", { scope: "col" }, "ratio"),
                ]),
              ]),
              h(
                "tbody",
                found.value.map((_, i) => h("tr", [h("th", { scope: "row" }, nameOf(rows[i]!)), ...cells(i)])),
              ),
            ])
          : undefined,
      ]);
  },
});
