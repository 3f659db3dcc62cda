// Selects and holds the binary that calls run on, loaded synchronously by the first call or ahead
// of it by `init`. The entry (ts/entry) provides the bytes, so that an entry without inlined bytes
// contains none.

import { describe, failure, tagOf, typeError } from "../input/errors.ts";
import { unknownOption } from "../input/unknown-option.ts";
import type { ModuleSource } from "./compile.ts";
import { Instance } from "./instance.ts";
import { familyOf, isVariant, supports, type Variant, variantOf, variantsByPreference } from "./probe.ts";

/** Source of an entry's binaries. */
export interface Loader {
  /** The family of the binaries; others are rejected. Absent: any. */
  readonly family?: string;
  /** The variants that the entry contains, in order of preference. Absent: all of them. */
  readonly variants?: readonly Variant[];
  /**
   * The module of a variant, synchronously. Absent: the entry contains none, and `init` needs a
   * source. Throws errors of the library.
   */
  readonly moduleNow?: (variant: Variant) => WebAssembly.Module;
  /** The same, asynchronously. */
  readonly moduleLater?: (variant: Variant) => Promise<WebAssembly.Module>;
  /** The module of a source given to `init`; `onlyModules` on hosts that cannot compile. */
  readonly compile: (source: ModuleSource) => Promise<WebAssembly.Module>;
}

/** Arguments of `init`. */
export interface InitOptions {
  /**
   * Use this binary from now on. `simd` gives the same bits on every engine and processor. Default:
   * the fastest that runs.
   */
  readonly variant?: Variant | undefined;
  /** A binary to use instead of the inlined one; `variant`, if given, is its variant. */
  readonly source?: ModuleSource | undefined;
}

const variantNames = '"simd" or "relaxed"';

/** State of one copy of the library: the instance that calls run on. */
export class Runtime {
  readonly #loader: Loader;
  #current: Instance | undefined;
  /** The last instance that trapped, until it is replaced. */
  #broken: Instance | undefined;
  /** Compiled modules are cached: returning to a variant is immediate. */
  readonly modules = new Map<Variant, WebAssembly.Module>();
  /**
   * Counts requests for a certain binary. The latest that succeeds wins, in any order of
   * compilation.
   */
  #requests = 0;
  /** The request that produced the current instance. */
  #adopted = 0;
  /** The latest request for a certain binary, while it is in progress. */
  #pending: Promise<void> | undefined;

  constructor(loader: Loader) {
    this.#loader = loader;
  }

  /**
   * The instance, loaded now if there is none.
   * @throws PathSignatureError SIMD_UNSUPPORTED, SOURCE_MISSING, INIT_FAILED
   */
  instance(): Instance {
    return this.#current ?? this.#loadNow();
  }

  /** The instance if there is one. */
  get loaded(): Instance | undefined {
    return this.#current;
  }

  /** The instance, or the one that trapped, whose binary later calls will use. */
  get latest(): Instance | undefined {
    return this.#current ?? this.#broken;
  }

  /** Drops an instance that trapped: the next call creates another one from the same module. */
  discard(broken: Instance): void {
    if (this.#current !== broken) return;
    this.#current = undefined;
    this.#broken = broken;
  }

  #loadNow(): Instance {
    let { module, variant } = this.#broken ?? {};
    if (module === undefined) {
      variant = this.preferred();
      const { moduleNow } = this.#loader;
      if (!moduleNow) throw sourceMissing();
      module = this.modules.get(variant as Variant) ?? moduleNow(variant as Variant);
      this.modules.set(variant as Variant, module);
    }
    this.#current = new Instance(module, variant as string);
    this.#broken = undefined;
    return this.#current;
  }

  /**
   * The binary to use if none was requested.
   * @throws PathSignatureError SIMD_UNSUPPORTED
   */
  preferred(): Variant {
    const { variants } = this.#loader;
    // The entry contains none: the variant that must be provided.
    for (const variant of variants?.length ? variants : variantsByPreference) if (supports(variant)) return variant;
    throw failure(
      "SIMD_UNSUPPORTED",
      "WebAssembly",
      "an engine without 128-bit SIMD",
      "an engine that has it",
      "This engine runs no WebAssembly with 128-bit SIMD",
    );
  }

  /** Makes the requested binary current; without a request, makes sure that there is one. */
  async init(variant: Variant | undefined, source: ModuleSource | undefined): Promise<void> {
    if (variant === undefined && source === undefined) {
      // A pending request for a certain binary decides; its failure is reported to its caller.
      if (this.#pending) await this.#pending.catch(() => undefined);
      // After a trap, the same binary again.
      if (this.#broken !== undefined) this.#loadNow();
      else if (!this.#current) await this.#adopt(this.preferred(), undefined, false);
      return;
    }
    this.#requests += 1;
    const work = this.#adopt(variant, source, true);
    this.#pending = work;
    try {
      await work;
    } finally {
      if (this.#pending === work) this.#pending = undefined;
    }
  }

  /** `wish`: whether a certain binary was requested, so that another one does not suffice. */
  async #adopt(variant: Variant | undefined, source: ModuleSource | undefined, wish: boolean): Promise<void> {
    const request = this.#requests;
    if (variant !== undefined && !supports(variant)) throw unsupported(variant);
    const module = source === undefined ? await this.#inlined(variant as Variant) : await this.#given(source);
    // A later request, or a call, may have settled it in the meantime.
    if (request < this.#adopted) return;
    this.#adopted = request;
    const name = variant ?? variantOf(module);
    const { loaded } = this;
    if (loaded && !wish) return;
    if (loaded?.variant === name && (source === undefined || loaded.module === module)) return;
    this.#current = new Instance(module, name);
    this.#broken = undefined;
    if (variant !== undefined) this.modules.set(variant, module);
  }

  /** The module of a source. @throws PathSignatureError SOURCE_TYPE, INIT_FAILED */
  async #given(source: ModuleSource): Promise<WebAssembly.Module> {
    const { compile, family } = this.#loader;
    const module = await compile(source);
    const found = familyOf(module);
    if (family && found && found !== family) throw failure("INIT_FAILED", "source", ofFamily(found), ofFamily(family));
    return module;
  }

  async #inlined(variant: Variant): Promise<WebAssembly.Module> {
    const known = this.modules.get(variant);
    if (known) return known;
    const { moduleLater, variants } = this.#loader;
    if (!moduleLater || variants?.includes(variant) === false) throw sourceMissing(variant);
    const module = await moduleLater(variant);
    // A call may have been faster.
    const kept = this.modules.get(variant) ?? module;
    this.modules.set(variant, kept);
    return kept;
  }
}

/** `moduleOf` for hosts that cannot compile. @throws PathSignatureError SOURCE_TYPE */
export async function onlyModules(source: ModuleSource): Promise<WebAssembly.Module> {
  if (source instanceof WebAssembly.Module) return source;
  throw typeError("SOURCE_TYPE", "source", describe(source), "a WebAssembly.Module");
}

/**
 * Reads the argument of `init`: nothing, a source, or options.
 * @throws PathSignatureError VARIANT_INVALID, OPTION_UNKNOWN, SOURCE_TYPE
 */
export function readInit(given: unknown): InitOptions {
  if (given === undefined) return {};
  if (tagOf(given) !== "Object") return { source: given as ModuleSource };
  for (const key in given) {
    if (key !== "variant" && key !== "source") throw unknownOption(key, ["variant", "source"]);
  }
  const { variant, source } = given as InitOptions;
  if (variant !== undefined && !isVariant(variant))
    throw typeError("VARIANT_INVALID", "options.variant", describe(variant), variantNames);
  return { variant, source };
}

const unsupported = (variant: Variant): Error =>
  failure("VARIANT_UNSUPPORTED", "options.variant", `"${variant}"`, "a binary that this engine can run");

const ofFamily = (family: string): string => `a binary of the family "${family}"`;

function sourceMissing(variant?: Variant): Error {
  const binary = variant === undefined ? "" : ` "${variant}"`;
  return failure(
    "SOURCE_MISSING",
    "source",
    "none",
    "a source given to init",
    `This entry has no WebAssembly binary${binary}: call \`await init(source)\` first, or import another one`,
  );
}
