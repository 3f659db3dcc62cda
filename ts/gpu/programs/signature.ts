// Signatures on a device: what the blocks of a call share, and where their results go. Which
// commands a block takes is signature-encoder.ts's, how they are read staging.ts's.

import { allocateNumbers, FLOAT32 } from "../../input/arrays.ts";
import { type Call, shapeOf } from "../../input/call.ts";
import type { SignatureTensor } from "../../input/tensor.ts";
import { SCALAR_TERM } from "../../wasm/abi.ts";
import { type Block, blocksOf } from "../blocks.ts";
import type { Device } from "../device.ts";
import { checkPathFound } from "../finite.ts";
import { operationsOfStep } from "../kernel-plan.ts";
import type { Holdings } from "../memory.ts";
import type { GpuJob, GpuProgram, JobContext, PipelinesOf } from "../operation.ts";
import type { SignaturePlan } from "../operations/signature.ts";
import { allocate, type Region, regionIn } from "../regions.ts";
import { BlockReadback, type EncodedBlock, noPathFound, pathFound, progressOf } from "../run-blocks.ts";
import { Staging } from "../staging.ts";
import type { Command } from "../submit.ts";
import { GpuTensor } from "../tensor.ts";
import { resultBuffer, uploadNumbers } from "../transfers.ts";
import { SignatureEncoder, type SignatureKernels, signatureKernels } from "./signature-encoder.ts";

export const signatureProgram: GpuProgram<
  Float32Array<ArrayBuffer>,
  SignatureTensor<"float32">,
  GpuTensor,
  SignaturePlan,
  SignatureKernels
> = {
  kernels: ({ channels, depth, stream = false }, { kernels, cut }) =>
    signatureKernels(channels, depth, stream, kernels, stream && cut.steps !== undefined),
  job: (context, plan, pipelines) => new SignatureJob(context, plan, pipelines),
  upload: async (device, { call }, { data }) =>
    tensorOf(device, call, await uploadNumbers(device, data as Float32Array<ArrayBuffer>)),
};

function tensorOf(device: Device, call: Call, buffer: GPUBuffer): GpuTensor {
  const { stream, channels, depth, bits } = call;
  const form = { shape: shapeOf(call), channels, depth, scalarTerm: (bits & SCALAR_TERM) !== 0, stream };
  return new GpuTensor(device, buffer, form);
}

/** What signatures become before they are results. `OnDevice`: those that stay on the device. */
export interface Finish<OnDevice> {
  /** Numbers of a row of the result. */
  readonly row: number;
  /** Makes `count` rows of the result from as many signatures without scalar terms. */
  command(signatures: Region, count: number, out: Region): Command;
  tensor(buffer: GPUBuffer): OnDevice;
}

/** `finish`: of operations that are computed from signatures; absent: they are the result. */
export class SignatureJob<OnDevice = GpuTensor> implements GpuJob<Float32Array<ArrayBuffer> | OnDevice> {
  readonly blocks: readonly Block[];
  readonly check: JobContext["check"];
  readonly onDone: ((operations: number) => void) | undefined;
  readonly #context: JobContext;
  readonly #call: Call;
  readonly #encoder: SignatureEncoder;
  readonly #staging: Staging;
  readonly #data: Float32Array<ArrayBuffer> | undefined;
  readonly #finish: Finish<OnDevice> | undefined;
  #buffer: GPUBuffer | undefined;
  /** Where kernels write the first path that is not finite. */
  #found: Region | undefined;
  /** The state before a block and the one after it, which change places. */
  #states: [Region, Region] | undefined;
  #suspect: number | undefined;

  constructor(
    context: JobContext,
    { kernels, cut }: SignaturePlan,
    pipelines: PipelinesOf<SignatureKernels>,
    finish?: Finish<OnDevice>,
  ) {
    const { device, inputs, output, results, lengths, check, onProgress } = context;
    const { call } = inputs;
    this.#context = context;
    this.#call = call;
    this.#finish = finish;
    this.#encoder = new SignatureEncoder(device, call, kernels, pipelines);
    this.#staging = new Staging(device, call, lengths);
    this.blocks = [...blocksOf(call, cut)];
    this.check = check;
    const each = kernels.layout ? operationsOfStep(kernels.layout) : call.size;
    const total = () => this.blocks.reduce((sum, { paths, points }) => sum + paths * points * each, 0);
    this.onDone = onProgress && progressOf(onProgress, total());
    this.#buffer = results?.signatures;
    if (output === "cpu") {
      const count = call.batch * call.rows * this.#row;
      this.#data = allocateNumbers(FLOAT32, count, "paths", true) as Float32Array<ArrayBuffer>;
    }
  }

  /** Numbers of a row of the result. */
  get #row(): number {
    return this.#finish?.row ?? this.#call.row;
  }

  begin(holdings: Holdings): void {
    const { batch, rows, size } = this.#call;
    this.#found = this.#staging.write(noPathFound(), holdings);
    if (this.blocks.some(({ continues }) => continues === "state"))
      this.#states = [allocate(size, holdings), allocate(size, holdings)];
    if (!this.#data) this.#buffer ??= resultBuffer(this.#context.device, batch * rows * this.#row);
  }

  encode(block: Block, isLast: boolean, holdings: Holdings): EncodedBlock {
    const { row, rows, initial, checkFinite, stream } = this.#call;
    const { paths, isResult } = block;
    const made = paths * block.rows;
    const count = made * this.#row;
    const begin = (block.first * rows + block.firstRow) * this.#row;
    const finish = isResult ? this.#finish : undefined;
    const [before, after] = this.#states ?? [];
    const out = isResult ? regionIn(this.#buffer, begin, count, holdings) : after!;
    const given = initial && this.#staging.initials(block, holdings);
    const initials = block.continues === "initial" ? given : { region: before!, stride: 0 };
    const state = stream ? after : undefined;
    const signatures = finish ? allocate(made * row, holdings) : out;
    const regions = { ...this.#staging.paths(block, holdings), initials, out: signatures, found: this.#found!, state };
    const commands = this.#encoder.commands(block, regions, holdings);
    if (finish) commands.push(finish.command(signatures, made, out));
    if (before && after) this.#states = [after, before];
    const readback = new BlockReadback();
    const data = this.#data;
    if (data && isResult) readback.add(out, (range, at) => data.set(new Float32Array(range, at, count), begin));
    if (isLast && checkFinite) {
      readback.add(this.#found!, (range, at) => {
        this.#suspect = pathFound(range, at);
      });
    }
    return readback.encode(commands, holdings);
  }

  async result(): Promise<Float32Array<ArrayBuffer> | OnDevice> {
    const { device } = this.#context;
    await checkPathFound(device, this.#call, this.#suspect);
    if (this.#data) return this.#data;
    const buffer = this.#buffer!;
    return this.#finish ? this.#finish.tensor(buffer) : (tensorOf(device, this.#call, buffer) as OnDevice);
  }

  drop(): void {
    if (!this.#context.results) this.#buffer?.destroy();
  }
}
