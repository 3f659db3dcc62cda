// Controls that several parts of the page have.

import { h } from "./dom.ts";

export const button = (text: string, onclick: () => void, more: Record<string, unknown> = {}): HTMLButtonElement =>
  h("button", { type: "button", className: "pg-button", onclick, ...more }, text);

let count = 0;

/** A choice of a few, as radio buttons that look like one control. */
export function choice<T extends string>(
  legend: string,
  options: readonly (readonly [T, string])[],
  value: T,
  change: (value: T) => void,
): { element: HTMLElement; set(value: T): void } {
  const name = `pg-choice-${++count}`;
  const inputs = options.map(([one, text]) => {
    const input = h("input", {
      type: "radio",
      name,
      value: one,
      checked: one === value,
      onchange: () => change(one),
    });
    return { one, input, label: h("label", {}, input, h("span", {}, text)) };
  });
  return {
    element: h("fieldset", { className: "pg-choice" }, h("legend", {}, legend), ...inputs.map(({ label }) => label)),
    set(value) {
      for (const { one, input } of inputs) input.checked = one === value;
    },
  };
}

export function check(
  text: string,
  checked: boolean,
  change: (checked: boolean) => void,
): { element: HTMLElement; input: HTMLInputElement } {
  const input = h("input", { type: "checkbox", checked, onchange: () => change(input.checked) });
  return { element: h("label", { className: "pg-check" }, input, h("span", {}, text)), input };
}

export function number(
  text: string,
  value: number,
  least: number,
  most: number,
  change: (value: number) => void,
): { element: HTMLElement; input: HTMLInputElement } {
  const input = h("input", {
    type: "number",
    value: String(value),
    min: String(least),
    max: String(most),
    onchange: () => {
      const given = Math.round(Number(input.value));
      const taken = Math.max(least, Math.min(most, Number.isFinite(given) ? given : least));
      input.value = String(taken);
      change(taken);
    },
  });
  return { element: h("label", { className: "pg-number" }, h("span", {}, text), input), input };
}
