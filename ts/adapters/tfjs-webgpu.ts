// The op and its gradient on the WebGPU device of TensorFlow.js. Kernels read the buffers of its
// tensors and write to buffers of its pool, without copies or readbacks. `prepare` loads this file,
// with the code for GPUs.

import { getBackend, getKernel, type TensorInfo } from "@tensorflow/tfjs-core";
import { type CallNow, deviceNow, type InputNow, isGpuFault, planNow, readNow, readRowsOfShape } from "../gpu/now.ts";
import { gpuOperations } from "../gpu/operations/index.ts";
import { signatureProgram } from "../gpu/programs/signature.ts";
import { signatureVjpProgram } from "../gpu/programs/signature-vjp.ts";
import type { TensorData, WebGpuBackend } from "./tfjs-backend.ts";

/** Inputs of the op that were given as tensors. */
export interface TensorInputs {
  readonly paths: TensorInfo;
  readonly basepoint?: TensorInfo | undefined;
  readonly initial?: TensorInfo | undefined;
  readonly lengths?: TensorInfo | undefined;
}

/** The reason that the GPU cannot compute a call: it exceeds the limits of the device. */
export const isBeyondLimits = (error: unknown): error is Error => isGpuFault(error) && error.code === "GPU_LIMITS";

/**
 * Submits the signatures of a call to the device.
 * @throws PathSignatureError as for reading a call, GPU_LIMITS, GPU_LOST
 */
export function signatureOn(backend: WebGpuBackend, inputs: TensorInputs, options: object): TensorInfo {
  return reading(backend, (there) => {
    const device = deviceNow(backend.device);
    const { call, shape, lengths } = readInputs(there, inputs, options);
    if (shape.includes(0)) return zeros(backend, shape);
    const submit = planNow(device, gpuOperations.signature, signatureProgram, { call, rows: [] }, lengths);
    const result = allocate(backend, shape);
    flush(backend);
    submit({ signatures: bufferOf(backend, result) });
    return result;
  });
}

/**
 * Submits the gradients of a call to the device: of `paths`, then of `basepoint` and `initial` if
 * they are tensors, with a row per path.
 * @throws PathSignatureError as {@link signatureOn}
 */
export function gradientsOn(
  backend: WebGpuBackend,
  dy: TensorInfo,
  inputs: TensorInputs,
  options: object,
): TensorInfo[] {
  return reading(backend, (there) => {
    const device = deviceNow(backend.device);
    const { call, shape, lengths } = readInputs(there, inputs, options);
    const { batch, channels, size } = call;
    const shapes = [
      inputs.paths.shape,
      ...(inputs.basepoint ? [[batch, channels]] : []),
      ...(inputs.initial ? [[batch, size]] : []),
    ];
    // A stream of one point has no rows.
    if (shape.includes(0)) return shapes.map((shape) => zeros(backend, shape));
    const rows = readRowsOfShape(there(dy), "cotangent", "COTANGENT_SHAPE", shape);
    const read = { call, rows: [{ argument: "cotangent", rows, count: batch * call.rows }] };
    const submit = planNow(device, gpuOperations.signatureVjp, signatureVjpProgram, read, lengths);
    const results = shapes.map((shape) => allocate(backend, shape));
    flush(backend);
    const [paths, ...others] = results.map((result) => bufferOf(backend, result)) as [GPUBuffer, ...GPUBuffer[]];
    submit({ paths, basepoint: inputs.basepoint && others.shift(), initial: inputs.initial && others.shift() });
    return results;
  });
}

type There = (info: TensorInfo) => InputNow["paths"];

/**
 * Calls `work` with a function that locates tensors on the device; then frees what that function
 * created.
 */
function reading<R>(backend: WebGpuBackend, work: (there: There) => R): R {
  const made: TensorInfo[] = [];
  const uploaded: [TensorData, TensorData["values"]][] = [];
  try {
    return work((info) => {
      let own = info;
      // A cast leaves integers in the buffer, whatever the tensor's dtype.
      if (info.dtype === "float32" && backend.tensorMap.get(info.dataId).dtype !== "float32") {
        own = asFloats(backend, info);
        made.push(own);
      }
      const data = backend.tensorMap.get(own.dataId);
      uploaded.push([data, data.values]);
      backend.uploadToGPU(own.dataId);
      return { buffer: bufferOf(backend, own), shape: own.shape };
    });
  } catch (error) {
    // Uploading drops the numbers in memory, which the CPU may need now.
    for (const [data, values] of uploaded) data.values = values;
    throw error;
  } finally {
    for (const { dataId } of made) backend.disposeData(dataId);
  }
}

function readInputs(there: There, { paths, basepoint, initial, lengths }: TensorInputs, options: object): CallNow {
  const own = {
    ...options,
    dtype: "float32",
    ...(basepoint && { basepoint: there(basepoint) }),
    ...(initial && { initial: there(initial) }),
  } as InputNow["options"];
  return readNow({ paths: there(paths), options: own, lengths: lengths && there(lengths) });
}

/** Converts integers to floats: a product with the float 1. */
function asFloats(backend: WebGpuBackend, a: TensorInfo): TensorInfo {
  const b = backend.makeTensorInfo([], "float32", new Float32Array([1]));
  const product = getKernel("Multiply", getBackend()).kernelFunc({
    inputs: { a, b },
    backend,
    attrs: {},
  }) as TensorInfo;
  backend.disposeData(b.dataId);
  return product;
}

const bufferOf = (backend: WebGpuBackend, { dataId }: TensorInfo): GPUBuffer =>
  backend.tensorMap.get(dataId).resource as GPUBuffer;

/** A result tensor, with a buffer of the backend's pool. */
function allocate(backend: WebGpuBackend, shape: readonly number[]): TensorInfo {
  const info = backend.makeTensorInfo([...shape], "float32");
  backend.uploadToGPU(info.dataId);
  return info;
}

function zeros(backend: WebGpuBackend, shape: readonly number[]): TensorInfo {
  const sizes = [...shape];
  return backend.makeTensorInfo(sizes, "float32", new Float32Array(sizes.reduce((n, size) => n * size, 1)));
}

/** Submits the commands that the backend has encoded: they may produce inputs. */
function flush(backend: WebGpuBackend): void {
  backend.endComputePassEncoder();
  if (backend.commandEncoder) backend.submitQueue();
}
