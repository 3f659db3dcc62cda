// Work to the queue, in submissions short enough for a browser to stay responsive: a dispatch that would take longer is done in
// parts, by numbers of its workgroups. How long something takes is estimated by operations and the rate seen so far.
//
// Two submissions are under way at most: the GPU has the next one ready, and a call that is aborted stops within a few of them.

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
  /** Its parameters; the last but one is where a part's first workgroup goes, at `firstWorkgroup`. */
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

/** How work is followed. */
export interface Following {
  /** Called now and then; throws to stop the work before its next submission. */
  readonly check?: (() => void) | undefined;
  /** Told the operations of each submission that is done. */
  readonly onDone?: ((operations: number) => void) | undefined;
}

/** What a submission should take, well below the 50 ms from which people notice. */
const targetMs = 20;
/** Operations a millisecond that a first submission counts on: a small integrated GPU, and a software adapter. */
const firstRate = 2e7;
const firstSoftwareRate = 1e6;
/** The rate grows by no more than this at once: short submissions measure little but their overhead. */
const mostGrowth = 8;
/** A submission shorter than this says nothing about the rate but that it is higher. */
const measurableMs = 2;
const mostUnderWay = 2;
/** Parameters of a dispatch, padded; also the least alignment that offsets of uniform buffers may need. */
const paramsStride = 256;

/** A part of a dispatch, or another command. */
type Part = { readonly command: Command; readonly first: number; readonly workgroups: number };

/** The queue of one device. */
export class Submitter {
  readonly #device: Device;
  #rate: number;
  readonly #underWay = new Set<Promise<void>>();
  #lastDone = 0;
  /** Nanoseconds on the GPU, by its own clock; counted only where asked for. */
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
   * Submits commands in their order. Resolves when all are submitted; `done` when they are carried out, and it is rejected with
   * the first fault.
   * @throws what `check` throws, and faults of the device
   */
  async run(commands: readonly Command[], { check, onDone }: Following = {}): Promise<{ done: Promise<unknown> }> {
    const submitted: Promise<void>[] = [];
    for (const { parts, operations } of this.#submissions(commands)) {
      while (this.#underWay.size >= mostUnderWay) await Promise.race(this.#underWay);
      check?.();
      submitted.push(this.#submit(parts, operations, onDone));
    }
    return { done: Promise.all(submitted) };
  }

  /** Submits commands in their order before it returns. In no error scope: what goes wrong is the device's `uncapturederror`. */
  runNow(commands: readonly Command[]): void {
    const { gpu, memory } = this.#device;
    for (const { parts, operations } of this.#submissions(commands)) {
      const isFull = operations > 0.5 * this.#rate * targetMs;
      const begun = performance.now();
      // Whoever takes the parameters' buffer next writes to it behind this submission.
      memory.release(this.#send(parts, undefined));
      this.count++;
      if (!isFull) continue;
      // A small one that waits for others of the queue would say that the device is slow.
      const learn = () => this.#learn(begun, operations);
      gpu.queue.onSubmittedWorkDone().then(learn, () => undefined);
    }
  }

  /** Commands as submissions, each cut when its turn comes, by the rate that is known then. */
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
        const room = Math.max(this.#rate * targetMs - operations, 0);
        let workgroups = Math.min(command.workgroups - first, Math.floor(room / each));
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
    while (this.#underWay.size > 0) await Promise.race(this.#underWay);
    this.#device.checkAlive();
  }

  #submit(parts: readonly Part[], operations: number, onDone: Following["onDone"]): Promise<void> {
    const device = this.#device;
    const { gpu, memory } = device;
    const timer = this.measuresKernels && dispatchesOf(parts).length > 0 ? new Timer(device) : undefined;
    const { value: params, settled } = device.scoped(() => this.#send(parts, timer));
    const begun = performance.now();
    this.count++;
    const carriedOut = Promise.all([settled, device.whileAlive(gpu.queue.onSubmittedWorkDone())]);
    const done = carriedOut.then(
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
      () => void this.#underWay.delete(over),
      () => void this.#underWay.delete(over),
    );
    this.#underWay.add(over);
    return done;
  }

  /** Encodes and submits; gives the buffer of parameters, which is still in use. */
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
