// Settings as JSON has them, for what is saved and loaded again.

/** Copies settings: typed arrays become arrays, and what is undefined is left out. */
export function plain<T>(value: T): T {
  if (ArrayBuffer.isView(value)) return Array.from(value as unknown as Float64Array) as T;
  if (Array.isArray(value)) return value.map(plain) as T;
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).filter(([, one]) => one !== undefined);
  return Object.fromEntries(entries.map(([name, one]) => [name, plain(one)])) as T;
}
