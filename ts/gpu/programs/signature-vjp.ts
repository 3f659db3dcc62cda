// Gradients of signatures on a device: what the blocks of a call share, and where their results go.
// Which commands a block takes is signature-vjp-encoder.ts's.

import { FLOAT32 } from "../../input/arrays.ts";
import type { Call } from "../../input/call.ts";
import { rowChecks, runChecks } from "../../input/finite.ts";
import { ReadRows } from "../../input/rows.ts";
import type { GradientTensor } from "../../input/tensor.ts";
import { Gradients } from "../../operations/gradients.ts";
import { cotangentInput, type SignatureGradients } from "../../operations/signature-vjp.ts";
import type { Sink } from "../../run/operation.ts";
import { type Block, blocksOf } from "../blocks.ts";
import type { Device } from "../device.ts";
import { checkPathFound } from "../finite.ts";
import type { Holdings } from "../memory.ts";
import type { GpuJob, GpuProgram, InputRows, JobContext, PipelinesOf } from "../operation.ts";
import {
  forwardCall,
  forwardDepth,
  type GradientPlan,
  gradientOperations,
  setUpOperations,
} from "../operations/signature-vjp.ts";
import { allocate, type Region, regionIn } from "../regions.ts";
import { BlockReadback, type EncodedBlock, noPathFound, pathFound, progressOf } from "../run-blocks.ts";
import { Staging } from "../staging.ts";
import { GpuGradient, GpuGradients } from "../tensor.ts";
import { readRows, resultBuffer, uploadNumbers } from "../transfers.ts";
import { SignatureEncoder, signatureKernels } from "./signature-encoder.ts";
import { GradientEncoder, type GradientKernels, gradientKernels } from "./signature-vjp-encoder.ts";

type SomeGradients = { readonly [Name in keyof SignatureGradients]?: SignatureGradients[Name] };

export const signatureVjpProgram: GpuProgram<
  Gradients,
  SignatureGradients,
  GpuGradients,
  GradientPlan,
  GradientKernels
> = {
  kernels({ channels, depth, stream = false, initial = false }, plan) {
    const forward = signatureKernels(channels, forwardDepth(depth, stream), stream, plan.forward);
    return { ...forward, ...gradientKernels(channels, depth, initial, plan) };
  },
  job: (context, plan, pipelines) => new GradientJob(context, plan, pipelines),
  upload: (device, _, gradients) => uploadGradients(device, gradients),
};

/** Gradients on a device, where those of points may be already. @throws faults of the device */
async function uploadGradients(device: Device, gradients: SomeGradients, there?: GpuGradient): Promise<GpuGradients> {
  const made: GpuGradient[] = [];
  const upload = async (one: GradientTensor | undefined): Promise<GpuGradient | undefined> => {
    if (!one) return undefined;
    const buffer = await uploadNumbers(device, one.data as Float32Array<ArrayBuffer>);
    made.push(new GpuGradient(device, buffer, one.shape));
    return made.at(-1);
  };
  try {
    const { paths, initial, basepoint } = gradients;
    return new GpuGradients((there ?? (await upload(paths)))!, await upload(initial), await upload(basepoint));
  } catch (error) {
    for (const one of made) one.destroy();
    throw error;
  }
}

class GradientJob implements GpuJob<Gradients | GpuGradients> {
  readonly blocks: readonly Block[];
  readonly check: JobContext["check"];
  readonly onDone: ((operations: number) => void) | undefined;
  readonly #context: JobContext;
  readonly #call: Call;
  readonly #cotangents: InputRows;
  readonly #encoder: GradientEncoder;
  readonly #staging: Staging;
  /** In memory; absent where all results go to the caller's buffers. */
  readonly #gradients: Gradients | undefined;
  /** The gradients of points, where they stay on the device. */
  #buffer: GPUBuffer | undefined;
  /** Where kernels write the first path with numbers, and with a cotangent, that are not finite. */
  #found: Region | undefined;
  #foundCotangent: Region | undefined;
  #suspect: number | undefined;
  #suspectCotangent: number | undefined;

  constructor(context: JobContext, plan: GradientPlan, pipelines: PipelinesOf<GradientKernels>) {
    const { device, inputs, results, lengths, check, onProgress } = context;
    const { call, rows } = inputs;
    const { batch, points, channels, depth } = call;
    const forward = forwardCall(call).with({ options: { scalarTerm: false }, dtype: FLOAT32 });
    const signatures = new SignatureEncoder(device, forward, plan.forward, pipelines);
    this.#context = context;
    this.#call = call;
    this.#cotangents = rows[0]!;
    this.#encoder = new GradientEncoder(device, call, plan, pipelines, signatures);
    this.#staging = new Staging(device, call, lengths);
    this.#gradients = results ? undefined : new Gradients(call);
    this.#buffer = results?.paths;
    this.blocks = [...blocksOf(forward, plan.cut)];
    this.check = check;
    const total =
      batch * (points * gradientOperations(plan, channels, depth) + setUpOperations(channels, depth, plan.pieces));
    this.onDone = onProgress && progressOf(onProgress, total);
  }

  begin(holdings: Holdings): void {
    const { batch, points, channels } = this.#call;
    const { device, output } = this.#context;
    this.#found = this.#staging.write(noPathFound(), holdings);
    this.#foundCotangent = this.#staging.write(noPathFound(), holdings);
    // Other gradients go through memory, where those of channels-first paths are transposed.
    if (output === "gpu" && this.#call.options.layout !== "channels-first")
      this.#buffer ??= resultBuffer(device, batch * points * channels);
  }

  encode(block: Block, isLast: boolean, holdings: Holdings): EncodedBlock {
    const { points, channels, size, stream, initial, basepoint } = this.#call;
    const { results } = this.#context;
    const { first, paths } = block;
    const rowsIn = (buffer: GPUBuffer | undefined, width: number): Region =>
      regionIn(buffer, first * width, paths * width, holdings);
    const regions = {
      ...this.#staging.paths(block, holdings),
      cotangents: this.#staging.rows(...this.#rowsOfPath(), first, paths, holdings),
      initials: initial && this.#staging.initials(block, holdings),
      out: rowsIn(this.#buffer, points * channels),
      outBasepoint: basepoint === undefined ? undefined : rowsIn(results?.basepoint, channels),
      outInitial: initial && rowsIn(results?.initial, size),
      found: this.#found!,
      // Of streams each block has its own, a number for each path, with others behind it.
      foundCotangent: stream ? allocate(paths * (channels + 1), holdings) : this.#foundCotangent!,
    };
    const commands = this.#encoder.commands(block, regions, holdings);
    return this.#readback(block, regions, isLast).encode(commands, holdings);
  }

  /** All cotangents of a path as one row, and its numbers behind the first scalar term. */
  #rowsOfPath(): [ReadRows, number] {
    const { row, rows, size } = this.#call;
    const { view, kind, resident } = this.#cotangents.rows;
    const whole = new ReadRows(view, kind, rows * row, rows * row);
    whole.resident = resident;
    return [whole, rows * row - (row - size)];
  }

  #readback(
    { first, paths }: Block,
    regions: Readonly<Record<"out" | "found" | "foundCotangent", Region>> &
      Readonly<Record<"outBasepoint" | "outInitial", Region | undefined>>,
    isLast: boolean,
  ): BlockReadback {
    const { points, channels, size, stream, checkFinite } = this.#call;
    const { out, outBasepoint, outInitial, found, foundCotangent } = regions;
    const readback = new BlockReadback();
    const [ofPoints, ofBasepoints, ofInitials] = this.#gradients?.sinks ?? [];
    /** `rows`: rows of `width` numbers that a path has. */
    const add = (region: Region | undefined, sink: Sink | undefined, rows: number, width: number): void => {
      if (!region || !sink) return;
      readback.add(region, (range, at) =>
        sink.take(new Float32Array(range, at, paths * rows * width), 0, first * rows, paths * rows),
      );
    };
    if (!this.#buffer) add(out, ofPoints, points, channels);
    add(outBasepoint, ofBasepoints, 1, channels);
    add(outInitial, ofInitials, 1, size);
    if (!checkFinite) return readback;
    if (isLast) {
      readback.add(found, (range, at) => {
        this.#suspect = pathFound(range, at);
      });
    }
    if (stream || isLast) {
      readback.add(foundCotangent, (range, at) => {
        this.#suspectCotangent ??= stream ? this.#flagged(range, at, first, paths) : pathFound(range, at);
      });
    }
    return readback;
  }

  /** Of streams: the first path of a block whose flag says that a cotangent is not finite. */
  #flagged(range: ArrayBuffer, at: number, first: number, paths: number): number | undefined {
    const pitch = this.#call.channels + 1;
    const flags = new Float32Array(range, at, paths * pitch);
    const number = flags.findIndex((flag, i) => i % pitch === 0 && flag !== 0);
    return number < 0 ? undefined : first + number / pitch;
  }

  async result(): Promise<Gradients | GpuGradients> {
    const { device, output } = this.#context;
    const call = this.#call;
    await checkPathFound(device, call, this.#suspect);
    if (this.#suspectCotangent !== undefined) {
      const cotangents = await readRows(device, this.#cotangents);
      runChecks(rowChecks({ ...cotangentInput, of: () => cotangents }, call, Number.POSITIVE_INFINITY));
    }
    const gradients = this.#gradients!;
    if (!this.#buffer) return output === "gpu" ? uploadGradients(device, gradients.tensors()) : gradients;
    const shape = [...call.paths.lead, call.points, call.channels];
    return uploadGradients(device, gradients.rows(), new GpuGradient(device, this.#buffer, shape));
  }

  drop(): void {
    if (!this.#context.results) this.#buffer?.destroy();
  }
}
