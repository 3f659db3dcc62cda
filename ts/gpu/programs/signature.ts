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

class SignatureJob implements GpuJob<Float32Array<ArrayBuffer> | GpuTensor> {
  readonly blocks: readonly Block[];
  readonly check: JobContext["check"];
  readonly onDone: ((operations: number) => void) | undefined;
  readonly #context: JobContext;
  readonly #call: Call;
  readonly #encoder: SignatureEncoder;
  readonly #staging: Staging;
  readonly #data: Float32Array<ArrayBuffer> | undefined;
  #buffer: GPUBuffer | undefined;
  /** Where kernels write the first path that is not finite. */
  #found: Region | undefined;
  /** The state before a block and the one after it, which change places. */
  #states: [Region, Region] | undefined;
  #suspect: number | undefined;

  constructor(context: JobContext, { kernels, cut }: SignaturePlan, pipelines: PipelinesOf<SignatureKernels>) {
    const { device, inputs, output, results, lengths, check, onProgress } = context;
    const { call } = inputs;
    this.#context = context;
    this.#call = call;
    this.#encoder = new SignatureEncoder(device, call, kernels, pipelines);
    this.#staging = new Staging(device, call, lengths);
    this.blocks = [...blocksOf(call, cut)];
    this.check = check;
    const each = kernels.layout ? operationsOfStep(kernels.layout) : call.size;
    const total = () => this.blocks.reduce((sum, { paths, points }) => sum + paths * points * each, 0);
    this.onDone = onProgress && progressOf(onProgress, total());
    this.#buffer = results?.signatures;
    if (output === "cpu") {
      const count = call.batch * call.rows * call.row;
      this.#data = allocateNumbers(FLOAT32, count, "paths", true) as Float32Array<ArrayBuffer>;
    }
  }

  begin(holdings: Holdings): void {
    const { batch, rows, row, size } = this.#call;
    this.#found = this.#staging.write(noPathFound(), holdings);
    if (this.blocks.some(({ continues }) => continues === "state"))
      this.#states = [allocate(size, holdings), allocate(size, holdings)];
    if (!this.#data) this.#buffer ??= resultBuffer(this.#context.device, batch * rows * row);
  }

  encode(block: Block, isLast: boolean, holdings: Holdings): EncodedBlock {
    const { row, rows, initial, checkFinite, stream } = this.#call;
    const { paths, isResult } = block;
    const count = paths * block.rows * row;
    const begin = (block.first * rows + block.firstRow) * row;
    const [before, after] = this.#states ?? [];
    const out = isResult ? regionIn(this.#buffer, begin, count, holdings) : after!;
    const given = initial && this.#staging.initials(block, holdings);
    const initials = block.continues === "initial" ? given : { region: before!, stride: 0 };
    const state = stream ? after : undefined;
    const regions = { ...this.#staging.paths(block, holdings), initials, out, found: this.#found!, state };
    const commands = this.#encoder.commands(block, regions, holdings);
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

  async result(): Promise<Float32Array<ArrayBuffer> | GpuTensor> {
    const { device } = this.#context;
    await checkPathFound(device, this.#call, this.#suspect);
    return this.#data ?? tensorOf(device, this.#call, this.#buffer!);
  }

  drop(): void {
    if (!this.#context.results) this.#buffer?.destroy();
  }
}
