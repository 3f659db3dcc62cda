// The signature of a call on a device: how it is cut, what its blocks share, where their results go. Which commands a block takes is encode.ts's, what it
// reads staging.ts's, how blocks follow each other in-blocks.ts's.

import { allocateNumbers, FLOAT32 } from "../input/arrays.ts";
import type { Call } from "../input/call.ts";
import { HORNER, PRUNED } from "../wasm/abi.ts";
import { type Cut, cutFor, fitsDevice } from "./blocks.ts";
import { type Block, blocksOf } from "./cutting.ts";
import type { Device } from "./device.ts";
import { Encoder, kernelsOf, pipelinesOf } from "./encode.ts";
import { gpuFault } from "./faults.ts";
import { type Course, copyOf, type Encoded, foundIn, inBlocks, progressOf } from "./in-blocks.ts";
import type { Holdings } from "./memory.ts";
import { partOf, type Region } from "./regions.ts";
import { Staging } from "./staging.ts";
import { READBACK, STORAGE } from "./usage.ts";
import { operationsOfStep, statesOf, type Way, wayOf } from "./way.ts";

/** How a call is carried out. */
export interface Conduct {
  /** Whether the result stays on the device. */
  readonly stays: boolean;
  /** Where the result goes if it stays; else a buffer is made for it. */
  readonly result?: GPUBuffer | undefined;
  /** Lengths that are on the device, one for each path; the call's own only say that there are some. */
  readonly lengths?: GPUBuffer | undefined;
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
  return new Work(device, call, conduct, way, new Encoder(device, call, way, pipelines), blocks).run();
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
export class Work implements Course<Shared> {
  readonly #device: Device;
  readonly #call: Call;
  readonly #conduct: Conduct;
  readonly #way: Way;
  readonly #encoder: Encoder;
  readonly #staging: Staging;
  readonly #blocks: readonly Block[];
  readonly #data: Float32Array | undefined;
  readonly check: Conduct["check"];
  readonly onDone: Course<Shared>["onDone"];
  #suspect: number | undefined;

  constructor(device: Device, call: Call, conduct: Conduct, way: Way, encoder: Encoder, blocks: readonly Block[]) {
    this.#device = device;
    this.#call = call;
    this.#conduct = conduct;
    this.#way = way;
    this.#encoder = encoder;
    this.#staging = new Staging(device, call, conduct.lengths);
    this.#blocks = blocks;
    this.check = conduct.check;
    this.onDone = this.#progress();
    const count = call.batch * call.rows * call.row;
    this.#data = conduct.stays ? undefined : (allocateNumbers(FLOAT32, count, "paths", true) as Float32Array);
  }

  async run(): Promise<Outcome> {
    const { result: buffer } = await inBlocks(this.#device, this.#blocks, this);
    return { data: this.#data, buffer, suspect: this.#suspect, way: this.#way, blocks: this.#blocks.length };
  }

  share(holdings: Holdings): Shared {
    const { batch, rows, row, size } = this.#call;
    const bytes = 4 * batch * rows * row;
    const found = this.#staging.write(new Uint32Array([0xffffffff]), holdings);
    const state = this.#blocks.some(({ continues }) => continues === "before")
      ? { buffer: holdings.take(4 * size, STORAGE), at: 0, bytes: 4 * size }
      : undefined;
    // Of exactly its size: it is going to be the user's.
    const make = () =>
      this.#device.gpu.createBuffer({ size: Math.max(4, bytes), usage: STORAGE, label: "path-signature result" });
    const { stays, result } = this.#conduct;
    return { found, state, result: stays ? (result ?? make()) : undefined };
  }

  drop({ result }: Shared): void {
    result?.destroy();
  }

  /** Counts operations that are done; `undefined` where nobody asks. */
  #progress(): Course<Shared>["onDone"] {
    const { onProgress } = this.#conduct;
    if (!onProgress) return undefined;
    const each = this.#way.layout ? operationsOfStep(this.#way.layout) : this.#call.size;
    return progressOf(
      onProgress,
      this.#blocks.reduce((sum, { paths, points }) => sum + paths * points * each, 0),
    );
  }

  /** The commands of a block, and the buffer through which its results come back. */
  encode = (block: Block, { found, state, result }: Shared, isLast: boolean, holdings: Holdings): Encoded => {
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
      { ...this.#staging.paths(block, holdings), initials, out, found },
      holdings,
    );
    if (state && block.rows > 0) commands.push(copyOf(out, 4 * (count - size), state.buffer, 0, 4 * size));
    const reads = this.#data !== undefined && block.isResult;
    const looks = isLast && checkFinite;
    if (!reads && !looks) return { commands };
    const bytes = reads ? 4 * count : 0;
    const buffer = holdings.take(bytes + 4, READBACK);
    if (reads) commands.push(copyOf(out, 0, buffer, 0, bytes));
    if (looks) commands.push(copyOf(found, 0, buffer, bytes, 4));
    const take = (range: ArrayBuffer): void => {
      if (reads) this.#data!.set(new Float32Array(range, 0, count), (block.first * rows + block.firstRow) * row);
      if (looks) this.#suspect = foundIn(range, bytes);
    };
    return { commands, readback: { buffer, bytes: bytes + 4 }, take };
  };
}
