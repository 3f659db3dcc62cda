// Which crew a pool gets: threads that share memory where the host has it, else threads that tasks are sent to; the calling thread
// where there are no workers. And on which binary: one whose results are the same bits as the calling thread's.

import { Instance } from "../wasm/instance.ts";
import type { Runtime } from "../wasm/runtime.ts";
import { isInside, wantedBinary } from "./binary.ts";
import { CallingCrew } from "./calling-thread.ts";
import type { Crew, CrewEvents, Mode } from "./executor.ts";
import { canShareMemory, type StartWorker } from "./host.ts";
import type { Instances } from "./local.ts";
import type { Crews } from "./scheduler.ts";
import { type Binary, SharedCrew, sharedMemory } from "./shared-executor.ts";
import { TransferCrew } from "./transfer-executor.ts";

/** What an entry brings for threads. */
export interface ThreadParts {
  /** Starts the worker file. */
  readonly startWorker: StartWorker;
  /** The binary for threads that share memory, the twin of the variant `relaxed`. Absent: there is none inside. */
  readonly sharedModule?: () => Promise<WebAssembly.Module>;
}

export class HostCrews implements Crews {
  readonly #runtime: Runtime;
  readonly #parts: ThreadParts;
  readonly #startWorker: StartWorker;
  readonly #sharedMemory: boolean;
  /** What runs where nothing has been loaded: told once, it takes validating a module. */
  #preferred: string | undefined;

  constructor(runtime: Runtime, parts: ThreadParts, startWorker: StartWorker | undefined, sharedMemory: boolean) {
    this.#runtime = runtime;
    this.#parts = parts;
    this.#startWorker = startWorker ?? parts.startWorker;
    this.#sharedMemory = sharedMemory && canShareMemory();
  }

  get binary(): unknown {
    return isInside(this.#runtime) ? this.#wanted : this.#runtime.loaded?.module;
  }

  get #wanted(): string {
    const { latest } = this.#runtime;
    if (latest !== undefined) return latest.variant;
    this.#preferred ??= wantedBinary(this.#runtime);
    return this.#preferred;
  }

  get mode(): Mode {
    return this.#sharedMemory ? "shared" : "transfer";
  }

  async make(threads: number, events: CrewEvents): Promise<Crew> {
    const binary = await this.#binaryOf();
    if (this.#sharedMemory) {
      try {
        return new SharedCrew(binary, threads, this.#startWorker, this.#instancesFor(binary), events);
      } catch {
        // The engine has no room for a shared memory (a gibibyte of addresses): tasks travel.
      }
    }
    const { module, variant } = binary.inside ? await this.#own() : binary;
    return new TransferCrew(module, variant, threads, this.#startWorker, events);
  }

  async fallBack(events: CrewEvents): Promise<Crew> {
    await this.#own();
    return new CallingCrew(this.#runtime, events);
  }

  async #binaryOf(): Promise<Binary> {
    const { sharedModule } = this.#parts;
    const isShared = this.#sharedMemory && isInside(this.#runtime) && this.#wanted === "relaxed";
    if (isShared && sharedModule !== undefined)
      return { module: await sharedModule(), variant: "threads", inside: true };
    return { ...(await this.#own()), inside: false };
  }

  /** What the calling thread does tasks of its own with: its instance, if it has one, else one of the crew's binary. The bits are the same. */
  #instancesFor({ module, variant, inside }: Binary): Instances {
    const runtime = this.#runtime;
    if (!inside) return runtime;
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
  async #own(): Promise<{ module: WebAssembly.Module; variant: string }> {
    await this.#runtime.init(undefined, undefined);
    const { module, variant } = this.#runtime.instance();
    return { module, variant };
  }
}
