// The button below the samples of a section: runs their module in the page and shows what each
// line with a value in its comment gave.

import { defineComponent, h, ref } from "vue";

interface Row {
  readonly line: number;
  readonly text: string;
  readonly agrees: boolean;
}

const plain = (value: unknown): unknown => (ArrayBuffer.isView(value) ? Array.from(value as Float64Array) : value);

/** Numbers to six digits, as in the comments. */
const textOf = (value: unknown): string =>
  JSON.stringify(plain(value), (_, one: unknown) =>
    typeof one === "number" ? Number(one.toPrecision(6)) : plain(one),
  );

export const RunSample = defineComponent({
  props: { id: { type: String, required: true }, elsewhere: { type: Boolean, default: false } },
  setup(props) {
    const state = ref<"ready" | "running" | "done" | "failed">("ready");
    const rows = ref<Row[]>([]);
    const message = ref("");

    async function run(): Promise<void> {
      state.value = "running";
      rows.value = [];
      const found: Row[] = [];
      try {
        const { default: modules } = await import("virtual:samples");
        const load = modules[props.id];
        if (load === undefined) throw new Error(`the sample ${props.id} is missing`);
        const { default: main } = await load();
        await main((value, stated, line) => {
          const text = textOf(value);
          found.push({ line, text, agrees: text === textOf(stated) });
        });
        const wrong = found.filter(({ agrees }) => !agrees).length;
        state.value = wrong === 0 ? "done" : "failed";
        message.value = wrong === 0 ? "It ran without an error." : `${wrong} values are not those of the comments.`;
        if (found.length > 0 && wrong === 0) message.value = "Values of the lines with a value in their comment:";
      } catch (error) {
        state.value = "failed";
        message.value = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
      }
      rows.value = found;
    }

    const results = () =>
      rows.value.map(({ text, agrees }) => h("li", [h("code", text), agrees ? "" : " (differs from the comment)"]));

    return () =>
      props.elsewhere
        ? h("p", { class: "sample-note" }, "This sample needs Node: it reads files or modules that a page has not.")
        : h("div", { class: "sample", "data-sample": props.id, "data-state": state.value }, [
            h(
              "button",
              { type: "button", class: "sample-run", disabled: state.value === "running", onClick: run },
              state.value === "running" ? "Running…" : "Run in this page",
            ),
            h("div", { role: "status", class: "sample-result" }, [
              state.value === "done" || state.value === "failed" ? h("p", message.value) : undefined,
              rows.value.length > 0 ? h("ol", results()) : undefined,
            ]),
          ]);
  },
});
