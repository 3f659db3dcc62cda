// Checks what a comment beside a statement of a sample says. For every host: samples of the README
// are also run in browsers.

const plain = (value) => (ArrayBuffer.isView(value) ? Array.from(value) : value);

/** Numbers to six digits: samples show what people read. */
const rounded = (_, value) => (typeof value === "number" ? Number(value.toPrecision(6)) : plain(value));

export function claim(actual, stated, line) {
  const [found, wanted] = [actual, stated].map((value) => JSON.stringify(plain(value), rounded));
  if (found !== wanted) throw new Error(`line ${line}: ${found} is not ${wanted}`);
}
