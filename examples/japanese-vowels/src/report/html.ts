// A tagged template for HTML that escapes every value except HTML made by the template itself or by
// a chart.

export class Html {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

const entities: Record<string, string> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;" };
const escaped = (text: string): string => text.replace(/[&<>"']/g, (character) => entities[character] as string);

type Value = string | number | Html | readonly Html[] | undefined;

export function html(parts: TemplateStringsArray, ...values: readonly Value[]): Html {
  const render = (value: Value): string => {
    if (value === undefined) return "";
    if (value instanceof Html) return value.text;
    return typeof value === "object" ? value.map(({ text }) => text).join("") : escaped(String(value));
  };
  return new Html(parts.reduce((text, part, i) => text + render(values[i - 1]) + part));
}
