// Calls that are submitted before they return, for frameworks whose own calls are synchronous: everything is read where it lies on their device and stays there, in
// buffers that they give. The one door to that; what is encoded is the same as for calls that are awaited (signature.ts, gradients.ts).
//
// Nothing is read back, so numbers that are not finite go through. Buffers of ours that a call has used are free for the next one when it returns: a queue keeps its order.

import { FLOAT32 } from "../input/arrays.ts";
import { Call, shapeOf } from "../input/call.ts";
import { countOf, rangeError } from "../input/errors.ts";
import { checkUnreported } from "../input/finite.ts";
import { refuseOut } from "../operations/signature-vjp.ts";
import type { GradientArrays } from "../run/vjp-stage.ts";
import { type Block, blocksOf } from "./cutting.ts";
import { Device } from "./device.ts";
import { Encoder, kernelsOf } from "./encode.ts";
import { allGradientKernels, GradientEncoder } from "./encode-gradients.ts";
import { gpuFault } from "./faults.ts";
import { type GradientBuffers, Work as GradientWork, ownCall, planCall as planGradients } from "./gradients.ts";
import type { Course } from "./in-blocks.ts";
import { type GpuInput, type GpuSignatureOptions, readCallAnywhere, readRowsOfShape } from "./input.ts";
import { Holdings } from "./memory.ts";
import type { Kernel, Pipeline } from "./pipelines.ts";
import { planCall as planSignature, Work as SignatureWork } from "./signature.ts";

export { isGpuFault } from "./faults.ts";

/** What a call reads. */
export interface InputNow {
  readonly paths: GpuInput;
  /** Basepoints and initial signatures may be on the device too. */
  readonly options: GpuSignatureOptions;
  /** 32-bit whole numbers, one for each path, in place of the option: from 1 to the points of a path, which cannot be checked. */
  readonly lengths?: GpuInput | undefined;
}

/** A call that was read. */
export interface CallNow {
  readonly batch: number;
  /** Of the result. */
  readonly shape: readonly number[];
  /** @internal */
  readonly call: Call;
  /** @internal */
  readonly lengths: GPUBuffer | undefined;
}

/** Frameworks' devices, as the library sees them: with pipelines and idle buffers. */
const devices = new WeakMap<GPUDevice, Device>();

/** @throws PathSignatureError GPU_LOST */
export function deviceNow(gpu: GPUDevice): Device {
  let device = devices.get(gpu);
  if (!device) {
    device = new Device(gpu, gpu.adapterInfo, false);
    devices.set(gpu, device);
  }
  device.checkThere();
  return device;
}

/** Reads a call. @throws PathSignatureError what reading a call throws, and GPU_BUFFER */
export function readNow({ paths, options, lengths }: InputNow): CallNow {
  const { call: read, options: given } = readCallAnywhere(paths, options);
  refuseOut(given);
  if (given.checkFinite) checkUnreported(read);
  given.checkFinite = false;
  const { batch, points, size, basepoint, initial } = read;
  const count = lengths && Array.from(lengths.shape).reduce((n, k) => n * k, 1);
  if (count !== undefined && count !== batch) {
    throw rangeError("LENGTHS_COUNT", "options.lengths", countOf(count, "length"), `one for each path, ${batch}`);
  }
  const own = lengths ? new Uint32Array(batch).fill(points) : read.lengths;
  const call = new Call(read.paths, given, FLOAT32, size, own, basepoint, initial);
  return { batch, shape: shapeOf(call), call, lengths: lengths?.buffer };
}

/** Plans signatures; the function that comes back submits them, to a buffer of their size. @throws PathSignatureError GPU_LIMITS */
export function planSignatureNow(device: Device, { call, lengths }: CallNow): (result: GPUBuffer) => void {
  const { way, cut } = planSignature(device, call, { stays: true });
  if (lengths && cut.steps !== undefined) {
    throw gpuFault("GPU_LIMITS", "paths of more numbers than a binding need lengths that are not on the device");
  }
  const pipelines = pipelinesNow(device, kernelsOf(call.channels, call.depth, call.stream, way));
  const encoder = new Encoder(device, call, way, pipelines);
  const blocks = [...blocksOf({ ...call, basepoint: call.basepoint !== undefined }, cut)];
  return (result) => {
    const work = new SignatureWork(device, call, { stays: true, result, lengths }, way, encoder, blocks);
    inBlocksNow(device, blocks, work);
  };
}

const nothingInMemory: GradientArrays = { paths: new Float32Array(0), basepoint: undefined, initial: undefined };

/**
 * Plans gradients; the function that comes back submits them.
 * @throws PathSignatureError GPU_LIMITS, COTANGENT_SHAPE, GPU_BUFFER
 */
export function planGradientsNow(
  device: Device,
  { call, lengths, shape }: CallNow,
  cotangent: GpuInput,
): (to: GradientBuffers) => void {
  const conduct = { stays: true, lengths };
  const cotangents = readRowsOfShape(cotangent, "cotangent", "COTANGENT_SHAPE", shape);
  const { way, cut } = planGradients(device, call, cotangents, conduct);
  const own = ownCall(call);
  const kernels = allGradientKernels(call.channels, call.depth, call.initial !== undefined, way);
  const signatures = new Encoder(device, own, way.forward, pipelinesNow(device, kernels.forward));
  const encoder = new GradientEncoder(device, call, way, pipelinesNow(device, kernels.own), signatures);
  const blocks = [...blocksOf({ ...own, basepoint: own.basepoint !== undefined }, cut)];
  return (to) => {
    const work = new GradientWork(device, call, cotangents, conduct, way, encoder, blocks, nothingInMemory, to);
    inBlocksNow(device, blocks, work);
  };
}

function pipelinesNow<Name extends string>(
  device: Device,
  kernels: { readonly [N in Name]?: Kernel },
): { readonly [N in Name]?: Pipeline } {
  const entries = Object.entries(kernels) as [Name, Kernel][];
  return Object.fromEntries(entries.map(([name, kernel]) => [name, device.pipelines.getNow(kernel)])) as {
    readonly [N in Name]?: Pipeline;
  };
}

/** Submits all blocks. What a block took is given back at once: whoever takes it next is behind the block in the queue. */
function inBlocksNow<Shared>(device: Device, blocks: readonly Block[], course: Course<Shared>): void {
  const [common, own] = [new Holdings(device.memory), new Holdings(device.memory)];
  try {
    const shared = course.share(common);
    for (const [i, block] of blocks.entries()) {
      device.submitter.runNow(course.encode(block, shared, i === blocks.length - 1, own).commands);
      own.giveBack();
    }
  } finally {
    own.giveBack();
    common.giveBack();
  }
}
