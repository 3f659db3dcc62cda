// Detects which binaries an engine can run. An unknown opcode makes a whole module invalid, so each
// feature is detected by validating a tiny module with exactly that opcode. Validation compiles
// nothing.

/**
 * The binaries: `simd` gives the same bits on every engine and processor; `relaxed` rounds a
 * multiply-add once.
 */
export type Variant = "simd" | "relaxed";

/** In order of preference. */
export const variantsByPreference: readonly Variant[] = ["relaxed", "simd"];

export function isVariant(value: unknown): value is Variant {
  return value === "simd" || value === "relaxed";
}

// \0asm, version 1.
const header = [0, 97, 115, 109, 1, 0, 0, 0];

// A function, because some bundlers keep an array built by spreading even if it is unused.

// (func (result v128) i32.const 0 i8x16.splat)
const simdModule = () => [...header, 1, 5, 1, 96, 0, 1, 123, 3, 2, 1, 0, 10, 8, 1, 6, 0, 65, 0, 253, 15, 11];

// (type (func (param v128 v128 v128) (result v128)))
const relaxedType = [1, 8, 1, 96, 3, 123, 123, 123, 1, 123];
// local.get 0 local.get 1 local.get 2 f32x4.relaxed_madd
const relaxedBody = [10, 13, 1, 11, 0, 32, 0, 32, 1, 32, 2, 253, 133, 2, 11];
const relaxedModule = () => [...header, ...relaxedType, 3, 2, 1, 0, ...relaxedBody];

/** Whether the engine accepts the opcodes of a binary. */
export function supports(variant: Variant): boolean {
  if (typeof WebAssembly !== "object") return false;
  return WebAssembly.validate(new Uint8Array(variant === "simd" ? simdModule() : relaxedModule()));
}

/** The text of a custom section that scripts/lib/features.mjs adds; empty if there is none. */
function sectionOf(module: WebAssembly.Module, name: string): string {
  const [section] = WebAssembly.Module.customSections(module, name);
  return section ? new TextDecoder().decode(section) : "";
}

/** The variant of a module, from its list of features; "custom" if it has none. */
export function variantOf(module: WebAssembly.Module): Variant | "custom" {
  const features = sectionOf(module, "target_features");
  if (features.includes("relaxed-simd")) return "relaxed";
  return features.includes("simd128") ? "simd" : "custom";
}

/** The family of a module's operations; empty if it names none. */
export const familyOf = (module: WebAssembly.Module): string => sectionOf(module, "path-signature");
