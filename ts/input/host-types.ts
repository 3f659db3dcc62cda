// Types of the host's objects in the public API. Programs may lack the types of pages or of WebGPU
// (TypeScript's `lib`), so each is the host's own type where the program declares it, and otherwise
// the members that matter. Types only.

/** The type of a global class's instances, if the program declares the class. */
type Declared<Name extends string, Otherwise> =
  typeof globalThis extends Readonly<Record<Name, { readonly prototype: infer Instance }>> ? Instance : Otherwise;

/** An `AbortSignal`. */
export type Signal = Declared<
  "AbortSignal",
  {
    readonly aborted: boolean;
    readonly reason: unknown;
    throwIfAborted(): void;
    addEventListener(type: "abort", listener: () => void): void;
    removeEventListener(type: "abort", listener: () => void): void;
  }
>;

/** A `Response` of `fetch`. */
export type FetchResponse = Declared<"Response", { readonly ok: boolean; arrayBuffer(): Promise<ArrayBuffer> }>;

/** A `URL`. */
export type Url = Declared<"URL", { readonly href: string }>;

/** A `WebAssembly.Module`. */
export type CompiledModule = typeof globalThis extends {
  readonly WebAssembly: { readonly Module: { readonly prototype: infer Module } };
}
  ? Module
  : object;

/** A `GPUBuffer`. */
export type GpuBuffer = Declared<
  "GPUBuffer",
  {
    readonly size: number;
    readonly usage: number;
    readonly mapState: "unmapped" | "pending" | "mapped";
    mapAsync(mode: number): Promise<unknown>;
    destroy(): void;
  }
>;

/** A `GPUDevice`. */
export type GpuDevice = Declared<
  "GPUDevice",
  { readonly queue: object; readonly lost: Promise<unknown>; createComputePipeline(descriptor: never): object }
>;
