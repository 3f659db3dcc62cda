// The signature of a call on a device: its blocks one after the other, each uploaded while the one before is computed and the one
// before that is read back. Which commands a block takes is encode.ts's, what it reads staging.ts's.

import { HORNER, PRUNED } from "../core/abi.ts";
import { allocateNumbers, FLOAT32 } from "../core/arrays.ts";
import type { Call } from "../core/call.ts";
import { blocksUnderWay, type Cut, cutFor, fitsDevice } from "./blocks.ts";
import { type Block, blocksOf } from "./cutting.ts";
import type { Device } from "./device.ts";
import { Encoder, kernelsOf, pipelinesOf } from "./encode.ts";
import { allOf, gpuFault } from "./faults.ts";
import { Holdings } from "./memory.ts";
import { mappedRange } from "./readback.ts";
import { partOf, type Region } from "./regions.ts";
import { Staging } from "./staging.ts";
import type { Command } from "./submit.ts";
import { MAP_MODE_READ, READBACK, STORAGE } from "./usage.ts";
import { operationsOfStep, statesOf, type Way, wayOf } from "./way.ts";

/** How a call is carried out. */
export interface Conduct {
  /** Whether the result stays on the device. */
  readonly stays: boolean;
  /** Pieces of time where they are not to be chosen: for measurements. */
  readonly pieces?: number | undefined;
  /** Called before each submission; throws to stop the work. */
  readonly check?: (() => void) | undefined;
  /** Told how much is done, from 0 to 1. */
  readonly onProgress?: ((fraction: number) => void) | undefined;
}

/** What came of it. */
export interface Outcome {
  /** Where results do not stay. */
  readonly data: Float32Array | undefined;
  /** Where they do. Whoever gets it destroys it. */
  readonly buffer: GPUBuffer | undefined;
  /** The first path of the call that has numbers which may not be finite. */
  readonly suspect: number | undefined;
  readonly way: Way;
  readonly blocks: number;
}

/** The way and the cut of a call on a device. @throws PathSignatureError GPU_LIMITS */
export function planCall(device: Device, call: Call, { stays, pieces }: Conduct): { way: Way; cut: Cut } {
  const { batch, points, channels, depth, row, rows, size, stream, basepoint, paths, bits } = call;
  const { limits } = device;
  const steps = points - (basepoint === undefined ? 1 : 0);
  const sizes = { batch, points, channels, row, rows, stream, resident: paths.resident !== undefined, stays };
  const tooLarge = (what: string) => gpuFault("GPU_LIMITS", `${what} do not fit the limits of the device`);
  if (!fitsDevice(sizes, limits)) throw tooLarge(`signatures of ${row} numbers`);
  if (stays && batch * rows * row * 4 > limits.maxBufferSize)
    throw tooLarge(`results of ${batch * rows * row} numbers`);
  const algorithm = (bits & HORNER) !== 0 ? "horner" : (bits & PRUNED) !== 0 ? "pruned" : "auto";
  const wayFor = (count: number, n: number): Way => {
    const way = wayOf({ channels, depth, batch: count, steps: n, stream, algorithm, pieces }, limits);
    if (!way) throw tooLarge(`increments of ${channels} channels`);
    return way;
  };
  const way = wayFor(batch, steps);
  const cut = cutFor({ ...sizes, states: statesOf(way, size, stream) }, limits, device.blockBytes);
  // Segments are calls of their own, of one path each.
  return { way: cut.steps === undefined ? way : wayFor(1, cut.steps), cut };
}

/**
 * Signatures of a call.
 * @throws PathSignatureError GPU_LIMITS, GPU_LOST, GPU_OUT_OF_MEMORY, GPU_FAILED, and what `check` throws
 */
export async function signatureOnDevice(device: Device, call: Call, conduct: Conduct): Promise<Outcome> {
  const { way, cut } = planCall(device, call, conduct);
  const pipelines = await pipelinesOf(device, kernelsOf(call.channels, call.depth, call.stream, way));
  conduct.check?.();
  const blocks = [...blocksOf({ ...call, basepoint: call.basepoint !== undefined }, cut)];
  return new Work(device, call, conduct, way, new Encoder(device, call, way, pipelines)).run(blocks);
}

/** Buffers of the whole call. */
interface Shared {
  /** Where kernels write the first path that is not finite. */
  readonly found: Region;
  /** The signature that a segment hands on to the next one. */
  readonly state: Region | undefined;
  /** The result, where it stays on the device. */
  readonly result: GPUBuffer | undefined;
}

/** A call under way. */
class Work {
  readonly #device: Device;
  readonly #call: Call;
  readonly #conduct: Conduct;
  readonly #way: Way;
  readonly #encoder: Encoder;
  readonly #staging: Staging;
  /** What is needed until the whole call is done. */
  readonly #holdings: Holdings;
  readonly #data: Float32Array | undefined;
  #suspect: number | undefined;

  constructor(device: Device, call: Call, conduct: Conduct, way: Way, encoder: Encoder) {
    this.#device = device;
    this.#call = call;
    this.#conduct = conduct;
    this.#way = way;
    this.#encoder = encoder;
    this.#staging = new Staging(device, call);
    this.#holdings = new Holdings(device.memory);
    const count = call.batch * call.rows * call.row;
    this.#data = conduct.stays ? undefined : (allocateNumbers(FLOAT32, count, "paths") as Float32Array);
  }

  async run(blocks: readonly Block[]): Promise<Outcome> {
    const device = this.#device;
    const finishing: Promise<void>[] = [];
    let shared: Shared | undefined;
    try {
      const { value, settled } = device.scoped(() => this.#share(blocks));
      shared = value;
      const onDone = this.#progress(blocks);
      for (const [i, block] of blocks.entries()) {
        if (finishing.length >= blocksUnderWay - 1) await finishing[finishing.length - blocksUnderWay + 1];
        this.#conduct.check?.();
        const { finished } = await this.#submit(block, value, i === blocks.length - 1, onDone);
        // Awaited later: until then a failure is not unhandled.
        finished.catch(() => undefined);
        finishing.push(finished);
      }
      await allOf([settled, ...finishing]);
      this.#holdings.giveBack();
    } catch (error) {
      // Nothing may go that a submission still uses.
      await Promise.allSettled(finishing);
      this.#holdings.drop();
      shared?.result?.destroy();
      throw error;
    }
    const { result: buffer } = shared;
    return { data: this.#data, buffer, suspect: this.#suspect, way: this.#way, blocks: blocks.length };
  }

  #share(blocks: readonly Block[]): Shared {
    const { batch, rows, row, size } = this.#call;
    const bytes = 4 * batch * rows * row;
    const found = this.#staging.write(new Uint32Array([0xffffffff]), this.#holdings);
    const state = blocks.some(({ continues }) => continues === "before")
      ? { buffer: this.#holdings.take(4 * size, STORAGE), at: 0, bytes: 4 * size }
      : undefined;
    // Of exactly its size: it is going to be the user's.
    const result = this.#conduct.stays
      ? this.#device.gpu.createBuffer({ size: Math.max(4, bytes), usage: STORAGE, label: "path-signature result" })
      : undefined;
    return { found, state, result };
  }

  /** Counts operations that are done; `undefined` where nobody asks. */
  #progress(blocks: readonly Block[]): ((operations: number) => void) | undefined {
    const { onProgress } = this.#conduct;
    if (!onProgress) return undefined;
    const each = this.#way.layout ? operationsOfStep(this.#way.layout) : this.#call.size;
    const total = blocks.reduce((sum, { paths, points }) => sum + paths * points * each, 0);
    let done = 0;
    return (operations) => {
      done += operations;
      onProgress(Math.min(1, done / total));
    };
  }

  /** Submits a block; `finished` resolves when its results are where they belong. */
  async #submit(
    block: Block,
    shared: Shared,
    isLast: boolean,
    onDone: ((operations: number) => void) | undefined,
  ): Promise<{ finished: Promise<void> }> {
    const device = this.#device;
    const holdings = new Holdings(device.memory);
    try {
      const { value, settled } = device.scoped(() => this.#encode(block, shared, isLast, holdings));
      const { commands, readback, count } = value;
      const { done } = await device.submitter.run(commands, { check: this.#conduct.check, onDone });
      const mapped = readback && device.whileThere(readback.mapAsync(MAP_MODE_READ, 0, 4 * count + 4));
      const finished = allOf([settled, done, mapped]).then(
        () => {
          if (readback) this.#deliver(block, readback, count, isLast);
          holdings.giveBack();
        },
        (error) => {
          holdings.drop();
          throw error;
        },
      );
      return { finished };
    } catch (error) {
      holdings.drop();
      throw error;
    }
  }

  /** The commands of a block, and the buffer through which its results come back. */
  #encode(block: Block, { found, state, result }: Shared, isLast: boolean, holdings: Holdings) {
    const call = this.#call;
    const { row, rows, size, initial, checkFinite } = call;
    const count = block.paths * block.rows * row;
    const out: Region =
      result && block.isResult
        ? partOf({ buffer: result, at: 0, bytes: result.size }, (block.first * rows + block.firstRow) * row, count)
        : { buffer: holdings.take(4 * count, STORAGE), at: 0, bytes: 4 * count };
    const given = initial && this.#staging.initials(block, holdings);
    const initials = block.continues === "given" ? given : { region: state!, stride: 0 };
    const commands = this.#encoder.commands(
      block,
      {
        points: this.#staging.points(block, holdings),
        lengths: block.ragged ? this.#staging.lengths(block, holdings) : undefined,
        basepoints: block.basepoint ? this.#staging.basepoints(block, holdings) : undefined,
        initials,
        out,
        found,
      },
      holdings,
    );
    const copy = (from: Region, fromAt: number, to: GPUBuffer, toAt: number, bytes: number): Command => ({
      kind: "copy",
      from: from.buffer,
      fromAt: from.at + fromAt,
      to,
      toAt,
      bytes,
    });
    if (state && block.rows > 0) commands.push(copy(out, 4 * (count - size), state.buffer, 0, 4 * size));
    const reads = this.#data !== undefined && block.isResult;
    const looks = isLast && checkFinite;
    if (!reads && !looks) return { commands, readback: undefined, count: 0 };
    const bytes = reads ? 4 * count : 0;
    const readback = holdings.take(bytes + 4, READBACK);
    if (reads) commands.push(copy(out, 0, readback, 0, bytes));
    if (looks) commands.push(copy(found, 0, readback, bytes, 4));
    return { commands, readback, count: reads ? count : 0 };
  }

  /** Takes what came back. */
  #deliver(block: Block, readback: GPUBuffer, count: number, isLast: boolean): void {
    const { row, rows, checkFinite } = this.#call;
    const range = mappedRange(readback, 4 * count + 4);
    if (count > 0) this.#data!.set(new Float32Array(range, 0, count), (block.first * rows + block.firstRow) * row);
    if (isLast && checkFinite) {
      const [path] = new Uint32Array(range, 4 * count, 1);
      if (path !== 0xffffffff) this.#suspect = path;
    }
    readback.unmap();
  }
}
