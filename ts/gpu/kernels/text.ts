// How numbers and lines are written in WGSL. Nothing is known here of what they mean.

export const u = (n: number): string => `${n}u`;

/** A float32. */
export const f = (value: number): string => {
  const text = String(Math.fround(value));
  return /[.e]/.test(text) ? text : `${text}.0`;
};

export const vectorType = (width: number): string => (width === 1 ? "f32" : `vec${width}f`);

/** Component `i` of a vector, which for one of width 1 is itself. */
export const component = (name: string, width: number, i: number): string =>
  width === 1 ? name : `${name}.${"xyzw"[i]}`;

export const splat = (value: string, width: number): string => (width === 1 ? value : `${vectorType(width)}(${value})`);

/** A sum of terms and a constant, leaving out what is nothing. */
export const plus = (terms: readonly (string | undefined)[], constant: number): string => {
  const parts = terms.filter((term) => term !== undefined && term !== "");
  if (constant > 0 || parts.length === 0) parts.push(u(constant));
  return parts.join(" + ");
};

export const times = (a: string, b: number): string => (b === 1 ? a : `${a} * ${u(b)}`);
export const over = (a: string, b: number): string => (b === 1 ? a : `${a} / ${u(b)}`);

/** Lines, moved to the right. */
export const indent = (lines: readonly string[], by: number): string =>
  lines.map((line) => (line === "" ? "" : " ".repeat(by) + line)).join("\n");
