// Gradients of a call on a device: how it is cut, what its blocks share, where their results go. Which commands a block takes is encode-gradients.ts's, how
// blocks follow each other in-blocks.ts's.

import { FLOAT32 } from "../input/arrays.ts";
import { Call } from "../input/call.ts";
import { ReadOptions } from "../input/options.ts";
import { ReadRows } from "../input/paths.ts";
import { countCoefficients } from "../input/size.ts";
import { forwardDepth } from "../run/vjp-blocks.ts";
import type { GradientArrays } from "../run/vjp-stage.ts";
import { HORNER, PRUNED } from "../wasm/abi.ts";
import type { Cut } from "./blocks.ts";
import { type Block, blocksOf } from "./cutting.ts";
import type { Device } from "./device.ts";
import { Encoder, pipelinesOf } from "./encode.ts";
import { allGradientKernels, GradientEncoder } from "./encode-gradients.ts";
import { gpuFault } from "./faults.ts";
import { type GradientWay, gradientOperations, planGradients, setUpOperations } from "./gradient-way.ts";
import { type Course, copyOf, type Encoded, foundIn, inBlocks, progressOf } from "./in-blocks.ts";
import type { Holdings } from "./memory.ts";
import { partOf, type Region } from "./regions.ts";
import type { Conduct } from "./signature.ts";
import { Staging } from "./staging.ts";
import type { Command } from "./submit.ts";
import { READBACK, STORAGE } from "./usage.ts";

/** What came of it. */
export interface GradientOutcome {
  /** The gradients of points, where they stay. Whoever gets it destroys it. */
  readonly buffer: GPUBuffer | undefined;
  /** The first path with numbers, or with a cotangent, that may not be finite. */
  readonly suspect: number | undefined;
  readonly suspectCotangent: number | undefined;
  readonly blocks: number;
}

/** The call of which gradients need the signatures, without scalar terms: whole paths by themselves, a level less; streams as they are. */
export function ownCall(call: Call): Call {
  const options = new ReadOptions();
  options.depth = forwardDepth(call.depth, call.stream);
  options.stream = call.stream;
  options.inverse = call.inverse;
  options.algorithm = call.bits & (HORNER | PRUNED);
  options.checkFinite = call.checkFinite;
  return new Call(
    call.paths,
    options,
    FLOAT32,
    countCoefficients(call.channels, options.depth),
    call.lengths,
    call.basepoint,
    call.stream ? call.initial : undefined,
  );
}

/** The way and the cut of a call. @throws PathSignatureError GPU_LIMITS */
export function planCall(
  device: Device,
  call: Call,
  cotangents: ReadRows,
  { stays, pieces }: Conduct,
): { way: GradientWay; cut: Cut } {
  const { batch, points, channels, depth, stream, basepoint, initial, paths, bits } = call;
  const planned = planGradients(
    {
      batch,
      points,
      channels,
      depth,
      stream,
      steps: points - (basepoint === undefined ? 1 : 0),
      algorithm: (bits & HORNER) !== 0 ? "horner" : (bits & PRUNED) !== 0 ? "pruned" : "auto",
      initial: initial !== undefined,
      resident: paths.resident !== undefined && cotangents.resident !== undefined,
      stays,
      pieces,
    },
    device.limits,
    device.blockBytes,
  );
  if (typeof planned === "string") throw gpuFault("GPU_LIMITS", planned);
  return planned;
}

/**
 * Gradients of a call: those of points to `to` or to a buffer that stays, those of basepoints and initial signatures to `to`.
 * @throws PathSignatureError GPU_LIMITS, GPU_LOST, GPU_OUT_OF_MEMORY, GPU_FAILED, and what `check` throws
 */
export async function gradientsOnDevice(
  device: Device,
  call: Call,
  cotangents: ReadRows,
  conduct: Conduct,
  to: GradientArrays,
): Promise<GradientOutcome> {
  const { way, cut } = planCall(device, call, cotangents, conduct);
  const own = ownCall(call);
  const kernels = allGradientKernels(call.channels, call.depth, call.initial !== undefined, way);
  const [forward, gradients] = await Promise.all([
    pipelinesOf(device, kernels.forward),
    pipelinesOf(device, kernels.own),
  ]);
  conduct.check?.();
  const signatures = new Encoder(device, own, way.forward, forward);
  const encoder = new GradientEncoder(device, call, way, gradients, signatures);
  const blocks = [...blocksOf({ ...own, basepoint: own.basepoint !== undefined }, cut)];
  return new Work(device, call, cotangents, conduct, way, encoder, blocks, to).run();
}

/** Where gradients go that stay, all of them: of points, and a row a path of basepoints and of what is continued, whether paths share one or not. */
export interface GradientBuffers {
  readonly paths: GPUBuffer;
  readonly basepoint?: GPUBuffer | undefined;
  readonly initial?: GPUBuffer | undefined;
}

/** Buffers of the whole call. */
interface Shared {
  readonly found: Region;
  readonly foundCotangent: Region;
  /** The gradients of points, where they stay on the device. */
  readonly result: GPUBuffer | undefined;
}

/** A call under way. */
export class Work implements Course<Shared> {
  readonly #device: Device;
  readonly #call: Call;
  readonly #cotangents: ReadRows;
  readonly #stays: boolean;
  readonly #encoder: GradientEncoder;
  readonly #staging: Staging;
  readonly #blocks: readonly Block[];
  readonly #to: GradientArrays;
  readonly #stay: Partial<GradientBuffers>;
  readonly check: Conduct["check"];
  readonly onDone: Course<Shared>["onDone"];
  #suspect: number | undefined;
  #suspectCotangent: number | undefined;

  constructor(
    device: Device,
    call: Call,
    cotangents: ReadRows,
    { stays, lengths, check, onProgress }: Conduct,
    way: GradientWay,
    encoder: GradientEncoder,
    blocks: readonly Block[],
    to: GradientArrays,
    stay: Partial<GradientBuffers> = {},
  ) {
    const { batch, points, channels, depth } = call;
    this.#device = device;
    this.#call = call;
    this.#cotangents = cotangents;
    this.#stays = stays;
    this.#encoder = encoder;
    this.#staging = new Staging(device, call, lengths);
    this.#blocks = blocks;
    this.#to = to;
    this.#stay = stay;
    this.check = check;
    const total =
      batch * (points * gradientOperations(way, channels, depth) + setUpOperations(channels, depth, way.pieces));
    this.onDone = onProgress && progressOf(onProgress, total);
  }

  async run(): Promise<GradientOutcome> {
    const { result } = await inBlocks(this.#device, this.#blocks, this);
    return {
      buffer: result,
      suspect: this.#suspect,
      suspectCotangent: this.#suspectCotangent,
      blocks: this.#blocks.length,
    };
  }

  share(holdings: Holdings): Shared {
    const { batch, points, channels } = this.#call;
    const found = () => this.#staging.write(new Uint32Array([0xffffffff]), holdings);
    const make = () =>
      this.#device.gpu.createBuffer({
        size: Math.max(4, 4 * batch * points * channels),
        usage: STORAGE,
        label: "path-signature gradients",
      });
    const result = this.#stays ? (this.#stay.paths ?? make()) : undefined;
    return { found: found(), foundCotangent: found(), result };
  }

  drop({ result }: Shared): void {
    result?.destroy();
  }

  encode = (block: Block, shared: Shared, isLast: boolean, holdings: Holdings): Encoded => {
    const { points, channels, size, stream, initial, basepoint } = this.#call;
    const { found, result } = shared;
    const { first, paths } = block;
    const room = (count: number): Region => ({ buffer: holdings.take(4 * count, STORAGE), at: 0, bytes: 4 * count });
    // Of streams each block has its own, a number for each path, with others behind it.
    const foundCotangent = stream ? room(paths * (channels + 1)) : shared.foundCotangent;
    const count = paths * points * channels;
    const out = result
      ? partOf({ buffer: result, at: 0, bytes: result.size }, first * points * channels, count)
      : room(count);
    /** Rows of the block, in a buffer of all paths' where they stay. */
    const rows = (buffer: GPUBuffer | undefined, width: number): Region =>
      buffer ? { buffer, at: 4 * first * width, bytes: 4 * paths * width } : room(paths * width);
    const outBasepoint = basepoint === undefined ? undefined : rows(this.#stay.basepoint, channels);
    const outInitial = initial && rows(this.#stay.initial, size);
    const cotangents = this.#staging.rows(...this.#rowsOfPath(), first, paths, holdings);
    const initials = initial && this.#staging.initials(block, holdings);
    const regions = {
      ...this.#staging.paths(block, holdings),
      ...{ cotangents, initials, out, outBasepoint, outInitial, found, foundCotangent },
    };
    const commands = this.#encoder.commands(block, regions, holdings);
    return { commands, ...this.#bring(block, regions, commands, isLast, holdings) };
  };

  /** All cotangents of a path as one row, and how many numbers that is behind the first scalar term. */
  #rowsOfPath(): [ReadRows, number] {
    const { row, rows, size } = this.#call;
    const { view, kind, resident } = this.#cotangents;
    const whole = new ReadRows(view, kind, rows * row, rows * row);
    whole.resident = resident;
    return [whole, rows * row - (row - size)];
  }

  /** What comes back of a block, and where it goes. */
  #bring(
    { first, paths }: Block,
    { out, outBasepoint, outInitial, found, foundCotangent }: BroughtRegions,
    commands: Command[],
    isLast: boolean,
    holdings: Holdings,
  ): Omit<Encoded, "commands"> {
    const { points, channels, size, stream, checkFinite } = this.#call;
    const to = this.#to;
    const takers: ((range: ArrayBuffer) => void)[] = [];
    const copies: [Region, number][] = [];
    let bytes = 0;
    const bring = (region: Region, taker: (range: ArrayBuffer, at: number) => void): void => {
      const at = bytes;
      copies.push([region, at]);
      takers.push((range) => taker(range, at));
      bytes += region.bytes;
    };
    if (!this.#stays) {
      const numbers = points * channels;
      bring(out, (range, at) => to.paths.set(new Float32Array(range, at, paths * numbers), first * numbers));
    }
    const rows = (region: Region | undefined, take: GradientArrays["basepoint"], width: number): void => {
      if (!region || !take) return;
      bring(region, (range, at) => take(new Float32Array(range, at, paths * width), 0, first, paths));
    };
    rows(outBasepoint, to.basepoint, channels);
    rows(outInitial, to.initial, size);
    if (isLast && checkFinite) {
      bring(found, (range, at) => {
        this.#suspect = foundIn(range, at);
      });
      if (!stream)
        bring(foundCotangent, (range, at) => {
          this.#suspectCotangent = foundIn(range, at);
        });
    }
    if (checkFinite && stream)
      bring(foundCotangent, (range, at) => {
        const kept = new Float32Array(range, at, paths * (channels + 1));
        const number = kept.findIndex((flag, i) => i % (channels + 1) === 0 && flag !== 0);
        if (number >= 0) this.#suspectCotangent ??= first + number / (channels + 1);
      });
    if (bytes === 0) return {};
    const buffer = holdings.take(bytes, READBACK);
    for (const [region, at] of copies) commands.push(copyOf(region, 0, buffer, at, region.bytes));
    const take = (range: ArrayBuffer): void => {
      for (const taker of takers) taker(range);
    };
    return { readback: { buffer, bytes }, take };
  }
}

/** What may come back of a block. */
interface BroughtRegions {
  readonly out: Region;
  readonly outBasepoint: Region | undefined;
  readonly outInitial: Region | undefined;
  readonly found: Region;
  readonly foundCotangent: Region;
}
