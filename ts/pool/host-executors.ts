// Selects the executor of a scheduler: workers that share memory if the host permits it, else
// workers that tasks are transferred to, else the calling thread. Also selects its binary, whose
// results have the same bits as those of the calling thread.

import { Instance } from "../wasm/instance.ts";
import type { Runtime } from "../wasm/runtime.ts";
import { isBundled, wantedBinary } from "./binary.ts";
import { CallingThreadExecutor } from "./calling-thread.ts";
import type { Executor, ExecutorEvents, ExecutorFactory, Mode } from "./executor.ts";
import { canShareMemory, type StartWorker } from "./host.ts";
import type { Instances } from "./local.ts";
import { type Binary, SharedExecutor } from "./shared-executor.ts";
import { sharedMemory } from "./shared-heap.ts";
import { TransferExecutor } from "./transfer-executor.ts";

/** Parts of an entry that threads need. */
export interface ThreadParts {
  /** Starts the worker file. */
  readonly startWorker: StartWorker;
  /** The counterpart of `relaxed` that imports a shared memory. Absent: the entry has none. */
  readonly sharedModule?: () => Promise<WebAssembly.Module>;
}

export class HostExecutors implements ExecutorFactory {
  readonly #runtime: Runtime;
  readonly #parts: ThreadParts;
  readonly #startWorker: StartWorker;
  readonly #sharesMemory: boolean;
  /** The variant that would be loaded. Cached, since it is found by validating modules. */
  #preferred: string | undefined;

  constructor(runtime: Runtime, parts: ThreadParts, startWorker: StartWorker | undefined, sharedMemory: boolean) {
    this.#runtime = runtime;
    this.#parts = parts;
    this.#startWorker = startWorker ?? parts.startWorker;
    this.#sharesMemory = sharedMemory && canShareMemory();
  }

  get binary(): unknown {
    return isBundled(this.#runtime) ? this.#wanted : this.#runtime.latest?.module;
  }

  get #wanted(): string {
    const { latest } = this.#runtime;
    if (latest !== undefined) return latest.variant;
    this.#preferred ??= wantedBinary(this.#runtime);
    return this.#preferred;
  }

  get mode(): Mode {
    return this.#sharesMemory ? "shared" : "transfer";
  }

  async create(threads: number, events: ExecutorEvents): Promise<Executor> {
    const binary = await this.#chooseBinary();
    if (this.#sharesMemory) {
      try {
        return new SharedExecutor(binary, threads, this.#startWorker, this.#instancesFor(binary), events);
      } catch {
        // There is no address space for a shared memory (1 GiB): tasks are transferred.
      }
    }
    const { module, variant } = binary.inPlace ? await this.#callersBinary() : binary;
    return new TransferExecutor(module, variant, threads, this.#startWorker, events);
  }

  async createFallback(events: ExecutorEvents): Promise<Executor> {
    await this.#callersBinary();
    return new CallingThreadExecutor(this.#runtime, events);
  }

  async #chooseBinary(): Promise<Binary> {
    const { sharedModule } = this.#parts;
    const canShare = this.#sharesMemory && isBundled(this.#runtime) && this.#wanted === "relaxed";
    if (canShare && sharedModule !== undefined)
      return { module: await sharedModule(), variant: "threads", inPlace: true };
    return { ...(await this.#callersBinary()), inPlace: false };
  }

  /**
   * Runs light tasks on the calling thread: on its own instance if there is one, else on one of the
   * executor's binary. The bits are the same.
   */
  #instancesFor({ module, variant, inPlace }: Binary): Instances {
    const runtime = this.#runtime;
    if (!inPlace) return runtime;
    let own: Instance | undefined;
    return {
      instance() {
        if (runtime.loaded?.variant === "relaxed") return runtime.loaded;
        own ??= new Instance(module, variant, sharedMemory());
        return own;
      },
      discard(broken) {
        runtime.discard(broken);
        if (own === broken) own = undefined;
      },
    };
  }

  /** The binary of the calling thread. */
  async #callersBinary(): Promise<{ module: WebAssembly.Module; variant: string }> {
    await this.#runtime.init(undefined, undefined);
    const { module, variant } = this.#runtime.instance();
    return { module, variant };
  }
}
