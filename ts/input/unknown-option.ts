// The error for an unknown option: which one was probably meant, or where it belongs.

import { describe, PathSignatureTypeError } from "./errors.ts";

/** Options that the functions of an engine have in addition. */
export const optionsOfEngines: readonly string[] = ["signal", "onProgress", "device", "output"];

const ofEngines = "is an option of signatureAsync and of an engine's functions";
const ofPaths = "is an option of signature and other functions of paths";

/** Options of other functions. */
const elsewhere: Readonly<Record<string, string>> = {
  ...Object.fromEntries(optionsOfEngines.map((name) => [name, ofEngines])),
  ...Object.fromEntries(
    [
      ...["depth", "stream", "basepoint", "initial", "inverse", "scalarTerm", "lengths", "windows", "algorithm"],
      ...["augment", "mask"],
    ].map((name) => [name, ofPaths]),
  ),
  channels: "is the last dimension of paths",
  out: "is an option of functions whose result is one array: gradients are new arrays",
  basis: "is an option of logSignature",
  threads: "is an option of createEngine",
  gpu: "is an option of createEngine",
  time: 'is an augmentation: augment: ["time"]',
  addTime: 'is an augmentation: augment: ["time"]',
  leadLag: 'is an augmentation: augment: ["leadLag"]',
  variant: "is an option of init",
};

/** Names that other libraries and texts have for the depth. */
const forDepth = ["level", "degree", "order", "N", "n"];

/** The number of letters to insert, delete, replace, or swap with the next (Damerau 1964). */
function distance(a: string, b: string): number {
  let before: number[] = [];
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const replaced = (row[j - 1] as number) + (a[i - 1] === b[j - 1] ? 0 : 1);
      const swapped = a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1] ? (before[j - 2] as number) + 1 : replaced;
      next.push(Math.min((row[j] as number) + 1, (next[j - 1] as number) + 1, replaced, swapped));
    }
    [before, row] = [row, next];
  }
  return row[b.length] as number;
}

const plain = (name: string): string =>
  name
    .toLowerCase()
    .replace(/[^a-z]/g, "")
    .slice(0, 20);

/** The known name that is nearest, if it differs in a third of its letters at most. */
export function nearest(name: string, known: readonly string[]): string | undefined {
  if (forDepth.includes(name) && known.includes("depth")) return "depth";
  let found: string | undefined;
  let least = Number.POSITIVE_INFINITY;
  for (const one of known) {
    const letters = distance(plain(name), plain(one));
    if (letters < least && letters <= one.length / 3) [found, least] = [one, letters];
  }
  return found;
}

/** OPTION_UNKNOWN for a name that is none of `known`. */
export function unknownOption(name: string, known: readonly string[]): PathSignatureTypeError {
  const given = describe(name);
  const accepted = `one of ${known.join(", ")}`;
  const near = nearest(name, known);
  const other = Object.hasOwn(elsewhere, name) ? `${given} ${elsewhere[name]}.` : `unknown option ${given}.`;
  const what = near === undefined ? other : `unknown option ${given}, did you mean "${near}"?`;
  const argument = `options.${name}`;
  const details = { code: "OPTION_UNKNOWN", argument, given, accepted } as const;
  return new PathSignatureTypeError(`${argument}: ${what} Accepted: ${accepted}`, details);
}
