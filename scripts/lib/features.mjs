// Custom sections that identify a binary for `init(source)` (ts/wasm/probe.ts): its features, in
// `target_features` of WebAssembly's tool conventions, which the linker drops together with the
// names; and its family.

const featuresSection = "target_features";
const familySection = "path-signature";
/** Prefix of a feature that is used. */
const plus = 0x2b;

function leb128(number) {
  const bytes = [];
  for (let rest = number; ; rest >>>= 7) {
    if (rest < 0x80) return [...bytes, rest];
    bytes.push((rest & 0x7f) | 0x80);
  }
}

/** A byte string with a length prefix, such as a name. */
const counted = (bytes) => [...leb128(bytes.length), ...bytes];
const text = (string) => counted(Buffer.from(string));

const section = (name, content) => Buffer.from([0, ...counted([...text(name), ...content])]);

/**
 * The bytes of a binary with both sections at the end; the features only if the linker left none.
 */
export function described(bytes, family, features) {
  const used = features.flatMap((feature) => [plus, ...text(feature)]);
  const added = bytes.includes(featuresSection)
    ? []
    : [section(featuresSection, [...leb128(features.length), ...used])];
  return Buffer.concat([bytes, ...added, section(familySection, Buffer.from(family))]);
}
