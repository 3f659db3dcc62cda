// Submits work to the queue, in submissions short enough for a browser to stay responsive: longer
// dispatches are divided by workgroups. How long something takes is estimated from its operations
// and the rate seen so far.
//
// At most two submissions are in flight: one is always ready, and an aborted call stops soon.

import type { Device } from "./device.ts";
import type { Pipeline } from "./pipelines.ts";
import { mappedRange } from "./readback.ts";
import { PARAMS, READBACK, usage } from "./usage.ts";

/** A kernel on its data. */
export interface Dispatch {
  readonly kind: "dispatch";
  readonly pipeline: Pipeline;
  /** What is bound as group 1. */
  readonly data: GPUBindGroup;
  /** Its parameters; a part's first workgroup goes to index `firstWorkgroup`. */
  readonly params: Uint32Array;
  /** Index in `params` of the number of the first workgroup. */
  readonly firstWorkgroup: number;
  readonly workgroups: number;
  /** Arithmetic operations of all its invocations, about. */
  readonly operations: number;
}

/** Bytes from buffer to buffer. */
export interface Copy {
  readonly kind: "copy";
  readonly from: GPUBuffer;
  readonly fromAt: number;
  readonly to: GPUBuffer;
  readonly toAt: number;
  readonly bytes: number;
}

/** Zeros. */
export interface Clear {
  readonly kind: "clear";
  readonly buffer: GPUBuffer;
  readonly bytes: number;
}

export type Command = Dispatch | Copy | Clear;

/** Who listens to the work. */
export interface SubmitListener {
  /** Called before each submission; throws to stop the work. */
  readonly check?: (() => void) | undefined;
  /** Called with the operations of each submission that is done. */
  readonly onDone?: ((operations: number) => void) | undefined;
}

/** Length of a submission, well below the 50 ms that people notice. */
const targetMs = 20;
/** Operations a millisecond assumed at first: a small integrated GPU, a software adapter. */
const firstRate = 2e7;
const firstSoftwareRate = 1e6;
/** Most growth of the rate at once: short submissions measure mostly their overhead. */
const mostGrowth = 8;
/** A shorter submission only shows that the rate is higher. */
const measurableMs = 2;
const mostInFlight = 2;
/** Bytes of a dispatch's parameters, padded to the strictest alignment of uniform offsets. */
const paramsStride = 256;

/** A part of a dispatch, or another command. */
type Part = { readonly command: Command; readonly first: number; readonly workgroups: number };

/** The queue of one device. */
export class Submitter {
  readonly #device: Device;
  #rate: number;
  readonly #inFlight = new Set<Promise<void>>();
  #lastDone = 0;
  /** Nanoseconds on the GPU, by its own clock; counted only with `measuresKernels`. */
  kernelNanoseconds = 0;
  /** Submissions so far, and milliseconds of the longest. */
  count = 0;
  longestMs = 0;
  measuresKernels = false;

  constructor(device: Device) {
    this.#device = device;
    this.#rate = device.adapter.isFallbackAdapter ? firstSoftwareRate : firstRate;
  }

  /** Operations a millisecond as estimated. */
  get rate(): number {
    return this.#rate;
  }

  /**
   * Submits commands in their order. Resolves when all are submitted; `done` resolves when they are
   * done, and rejects with the first fault.
   * @throws what `check` throws, and faults of the device
   */
  async run(commands: readonly Command[], { check, onDone }: SubmitListener = {}): Promise<{ done: Promise<unknown> }> {
    const submitted: Promise<void>[] = [];
    for (const { parts, operations } of this.#submissions(commands)) {
      while (this.#inFlight.size >= mostInFlight) await Promise.race(this.#inFlight);
      check?.();
      submitted.push(this.#submit(parts, operations, onDone));
    }
    return { done: Promise.all(submitted) };
  }

  /** The same, synchronously. Outside error scopes: errors are `uncapturederror` events. */
  runNow(commands: readonly Command[]): void {
    const { gpu, memory } = this.#device;
    for (const { parts, operations } of this.#submissions(commands)) {
      const isFull = operations > 0.5 * this.#rate * targetMs;
      const begun = performance.now();
      // The buffer's next user writes to it behind this submission.
      memory.release(this.#send(parts, undefined));
      this.count++;
      if (!isFull) continue;
      // A small submission that waits for others in the queue would make the device look slow.
      const learn = () => this.#learn(begun, operations);
      gpu.queue.onSubmittedWorkDone().then(learn, () => undefined);
    }
  }

  /** Commands as submissions, each cut lazily, by the rate that is known then. */
  *#submissions(commands: readonly Command[]): Generator<{ readonly parts: Part[]; readonly operations: number }> {
    let parts: Part[] = [];
    let operations = 0;
    for (const command of commands) {
      if (command.kind !== "dispatch") {
        parts.push({ command, first: 0, workgroups: 0 });
        continue;
      }
      const each = command.operations / command.workgroups;
      for (let first = 0; first < command.workgroups; ) {
        const left = Math.max(this.#rate * targetMs - operations, 0);
        let workgroups = Math.min(command.workgroups - first, Math.floor(left / each));
        if (workgroups < 1) {
          if (parts.length > 0) yield { parts, operations };
          parts = [];
          operations = 0;
          workgroups = Math.min(command.workgroups - first, Math.max(1, Math.floor((this.#rate * targetMs) / each)));
        }
        parts.push({ command, first, workgroups });
        operations += workgroups * each;
        first += workgroups;
      }
    }
    if (parts.length > 0) yield { parts, operations };
  }

  /** Resolves when everything submitted so far is done. */
  async idle(): Promise<void> {
    while (this.#inFlight.size > 0) await Promise.race(this.#inFlight);
    this.#device.checkAlive();
  }

  #submit(parts: readonly Part[], operations: number, onDone: SubmitListener["onDone"]): Promise<void> {
    const device = this.#device;
    const { gpu, memory } = device;
    const timer = this.measuresKernels && dispatchesOf(parts).length > 0 ? new Timer(device) : undefined;
    const { value: params, settled } = device.scoped(() => this.#send(parts, timer));
    const begun = performance.now();
    this.count++;
    const completed = Promise.all([settled, device.whileAlive(gpu.queue.onSubmittedWorkDone())]);
    const done = completed.then(
      async () => {
        memory.release(params);
        this.#learn(begun, operations);
        if (timer) this.kernelNanoseconds += await timer.read();
        onDone?.(operations);
      },
      (error) => {
        memory.drop(params);
        throw error;
      },
    );
    const over = done.then(
      () => void this.#inFlight.delete(over),
      () => void this.#inFlight.delete(over),
    );
    this.#inFlight.add(over);
    return done;
  }

  /** Encodes and submits; returns the buffer of parameters, which is still in use. */
  #send(parts: readonly Part[], timer: Timer | undefined): GPUBuffer {
    const { gpu, memory } = this.#device;
    const params = memory.take(Math.max(1, dispatchesOf(parts).length) * paramsStride, PARAMS);
    const encoder = gpu.createCommandEncoder();
    this.#encode(encoder, parts, params, timer);
    gpu.queue.submit([encoder.finish()]);
    return params;
  }

  #encode(encoder: GPUCommandEncoder, parts: readonly Part[], params: GPUBuffer, timer: Timer | undefined): void {
    const { gpu, limits } = this.#device;
    const numbers = new Uint32Array(params.size / 4);
    let pass: GPUComputePassEncoder | undefined;
    let group: GPUBindGroup | undefined;
    let at = 0;
    const dispatches = dispatchesOf(parts);
    const [firstOf, lastOf] = [dispatches[0], dispatches.at(-1)];
    for (const part of parts) {
      const { command, first, workgroups } = part;
      if (command.kind === "dispatch") {
        numbers.set(command.params, at / 4);
        numbers[at / 4 + command.firstWorkgroup] = first;
        pass ??= encoder.beginComputePass(timer ? timer.writes(part === firstOf, part === lastOf) : {});
        group ??= gpu.createBindGroup({
          layout: command.pipeline.params,
          entries: [{ binding: 0, resource: { buffer: params, size: paramsStride } }],
        });
        pass.setPipeline(command.pipeline.pipeline);
        pass.setBindGroup(0, group, [at]);
        pass.setBindGroup(1, command.data);
        const rows = Math.ceil(workgroups / limits.maxComputeWorkgroupsPerDimension);
        pass.dispatchWorkgroups(Math.ceil(workgroups / rows), rows);
        at += paramsStride;
        if (timer) {
          // A pass for each dispatch, so that the first and the last can carry the clock.
          pass.end();
          pass = undefined;
        }
        continue;
      }
      pass?.end();
      pass = undefined;
      if (command.kind === "copy") {
        encoder.copyBufferToBuffer(command.from, command.fromAt, command.to, command.toAt, command.bytes);
      } else encoder.clearBuffer(command.buffer, 0, command.bytes);
    }
    pass?.end();
    timer?.resolve(encoder);
    if (at > 0) gpu.queue.writeBuffer(params, 0, numbers, 0, at / 4);
  }

  /** The rate, from how long a submission took once the one before was over. */
  #learn(begun: number, operations: number): void {
    const now = performance.now();
    const ms = now - Math.max(begun, this.#lastDone);
    this.#lastDone = now;
    this.longestMs = Math.max(this.longestMs, ms);
    if (operations === 0) return;
    const seen = operations / Math.max(ms, 0.01);
    if (ms < measurableMs) {
      // Mostly overhead; full submissions may grow.
      if (operations > 0.5 * this.#rate * targetMs) this.#rate *= mostGrowth;
    } else this.#rate = Math.min(seen, this.#rate * mostGrowth);
  }
}

const dispatchesOf = (parts: readonly Part[]): Part[] => parts.filter(({ command }) => command.kind === "dispatch");

/** The GPU's own clock around the dispatches of a submission. */
class Timer {
  readonly #device: Device;
  readonly #queries: GPUQuerySet;
  readonly #resolved: GPUBuffer;
  readonly #readable: GPUBuffer;

  constructor(device: Device) {
    this.#device = device;
    this.#queries = device.gpu.createQuerySet({ type: "timestamp", count: 2 });
    this.#resolved = device.memory.take(16, usage.QUERY_RESOLVE | usage.COPY_SRC);
    this.#readable = device.memory.take(16, READBACK);
  }

  writes(first: boolean, last: boolean): GPUComputePassDescriptor {
    if (!first && !last) return {};
    return {
      timestampWrites: {
        querySet: this.#queries,
        ...(first && { beginningOfPassWriteIndex: 0 }),
        ...(last && { endOfPassWriteIndex: 1 }),
      },
    };
  }

  resolve(encoder: GPUCommandEncoder): void {
    encoder.resolveQuerySet(this.#queries, 0, 2, this.#resolved, 0);
    encoder.copyBufferToBuffer(this.#resolved, 0, this.#readable, 0, 16);
  }

  async read(): Promise<number> {
    await this.#device.whileAlive(this.#readable.mapAsync(1));
    const [begin, end] = new BigUint64Array(mappedRange(this.#readable, 16));
    const nanoseconds = Number(end! - begin!);
    this.#readable.unmap();
    this.#queries.destroy();
    this.#device.memory.release(this.#resolved);
    this.#device.memory.release(this.#readable);
    return nanoseconds;
  }
}
