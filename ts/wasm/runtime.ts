// Chooses and holds the binary that calls run on: lazily and synchronously at the first call, or
// ahead of it by `init`. Where the bytes are comes from the entry (ts/entry), so that an entry
// without inlined bytes carries none.

import { describe, failure, tagOf, typeError } from "../input/errors.ts";
import type { ModuleSource } from "./compile.ts";
import { Instance } from "./instance.ts";
import { familyOf, isVariant, supports, type Variant, variantOf, variantsByPreference } from "./probe.ts";

/** Where an entry's binaries come from. */
export interface Loader {
  /** The family whose operations the binaries have; others are refused. Absent: any. */
  readonly family?: string;
  /**
   * The variants that are inside, from the one that is taken where it runs, on. Absent: all of
   * them.
   */
  readonly variants?: readonly Variant[];
  /**
   * The module of a variant, at once. Absent: there is none inside, `init` needs a source. Its
   * errors are the library's.
   */
  readonly moduleNow?: (variant: Variant) => WebAssembly.Module;
  /** The same, off the thread where the engine can. */
  readonly moduleLater?: (variant: Variant) => Promise<WebAssembly.Module>;
  /** The module of what `init` was given; `onlyModules` where the host compiles nothing. */
  readonly compile: (source: ModuleSource) => Promise<WebAssembly.Module>;
}

/** What `init` accepts. */
export interface InitOptions {
  /**
   * Use this binary from now on. `simd` gives the same bits on every engine and processor. Default:
   * the fastest that runs.
   */
  readonly variant?: Variant | undefined;
  /** A binary to use instead of the inlined one; `variant`, if given too, says which it is. */
  readonly source?: ModuleSource | undefined;
}

const variantNames = '"simd" or "relaxed"';

/** The state behind one copy of the library: which instance calls run on. */
export class Runtime {
  readonly #loader: Loader;
  #current: Instance | undefined;
  /** The instance that trapped last and has had no successor yet. */
  #broken: Instance | undefined;
  /** Compiled modules stay: going back to a variant is instantaneous. */
  readonly modules = new Map<Variant, WebAssembly.Module>();
  /**
   * Counts the requests for a certain binary. The newest that succeeds wins, whichever is compiled
   * first.
   */
  #requests = 0;
  /** The request that the current instance came from. */
  #adopted = 0;
  /** The newest request for a certain binary, while it is under way. */
  #pending: Promise<void> | undefined;

  constructor(loader: Loader) {
    this.#loader = loader;
  }

  /**
   * The instance, loaded now if there is none yet.
   * @throws PathSignatureError SIMD_UNSUPPORTED, SOURCE_MISSING, INIT_FAILED
   */
  instance(): Instance {
    return this.#current ?? this.#loadNow();
  }

  /** The instance if there is one. */
  get loaded(): Instance | undefined {
    return this.#current;
  }

  /** The instance, or the one that trapped, whose binary calls go on with. */
  get latest(): Instance | undefined {
    return this.#current ?? this.#broken;
  }

  /** Forgets an instance that trapped: the next call starts a fresh one from the same module. */
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
   * The binary that is taken when none is asked for.
   * @throws PathSignatureError SIMD_UNSUPPORTED
   */
  preferred(): Variant {
    const { variants } = this.#loader;
    // Nothing inside: the one to be brought.
    for (const variant of variants?.length ? variants : variantsByPreference) if (supports(variant)) return variant;
    throw failure(
      "SIMD_UNSUPPORTED",
      "WebAssembly",
      "an engine without 128-bit SIMD",
      "an engine that has it",
      "This engine runs no WebAssembly with 128-bit SIMD",
    );
  }

  /** Makes the asked binary current; without a wish, sees that there is one. */
  async init(variant: Variant | undefined, source: ModuleSource | undefined): Promise<void> {
    if (variant === undefined && source === undefined) {
      // Whoever asked for a certain binary decides; its failure is theirs to see.
      if (this.#pending) await this.#pending.catch(() => undefined);
      if (!this.#current) await this.#adopt(this.preferred(), undefined, false);
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

  /**
   * `wish`: whether a certain binary was asked for, so that another one that is there does not do.
   */
  async #adopt(variant: Variant | undefined, source: ModuleSource | undefined, wish: boolean): Promise<void> {
    const request = this.#requests;
    if (variant !== undefined && !supports(variant)) throw unsupported(variant);
    const module = source === undefined ? await this.#inlined(variant as Variant) : await this.#given(source);
    // Meanwhile a newer request, or a call, may have settled it.
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

/** What hosts do with a source that compile nothing. @throws PathSignatureError SOURCE_TYPE */
export async function onlyModules(source: ModuleSource): Promise<WebAssembly.Module> {
  if (source instanceof WebAssembly.Module) return source;
  throw typeError("SOURCE_TYPE", "source", describe(source), "a WebAssembly.Module");
}

/**
 * Reads what `init` was given: nothing, a source, or options.
 * @throws PathSignatureError VARIANT_INVALID, OPTION_UNKNOWN, SOURCE_TYPE
 */
export function readInit(given: unknown): InitOptions {
  if (given === undefined) return {};
  if (tagOf(given) !== "Object") return { source: given as ModuleSource };
  for (const key in given) {
    if (key !== "variant" && key !== "source")
      throw typeError("OPTION_UNKNOWN", `options.${key}`, describe(key), "one of variant, source");
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
