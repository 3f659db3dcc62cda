// Says inside a binary which features it uses: the custom section `target_features` of WebAssembly's tool conventions, which the
// linker drops together with the names. `init(source)` tells by it which binary it was given (ts/wasm/probe.ts).

const sectionName = "target_features";
/** "This feature is used", before its name. */
const plus = 0x2b;

function leb128(number) {
  const bytes = [];
  for (let rest = number; ; rest >>>= 7) {
    if (rest < 0x80) return [...bytes, rest];
    bytes.push((rest & 0x7f) | 0x80);
  }
}

/** A name, or anything else whose length comes first. */
const counted = (bytes) => [...leb128(bytes.length), ...bytes];
const text = (string) => counted(Buffer.from(string));

/** A binary's bytes with the section, which is the last; as they are where they have one. */
export function withFeatures(bytes, features) {
  if (bytes.includes(sectionName)) return bytes;
  const used = features.flatMap((feature) => [plus, ...text(feature)]);
  const content = [...text(sectionName), ...leb128(features.length), ...used];
  return Buffer.concat([bytes, Buffer.from([0, ...counted(content)])]);
}
