// The adapter's view of TensorFlow.js backends: detects a WebGPU backend and describes the members
// that are used. It is recognised by its members, so @tensorflow/tfjs-backend-webgpu is needed only
// by those who use it.

import {
  type DataType,
  engine,
  getBackend,
  getKernel,
  type KernelBackend,
  type Tensor,
  type TensorInfo,
} from "@tensorflow/tfjs-core";
import { failure } from "../input/errors.ts";

/** A WebGPU backend's record of a tensor. */
export interface TensorData {
  /** Type of the stored numbers: a cast to float32 leaves integers unchanged in memory. */
  readonly dtype: DataType;
  /** The numbers in JavaScript, if they are there. */
  values?: ArrayLike<number> | null | undefined;
  /** The numbers on the device, if they are there. */
  readonly resource?: GPUBuffer | null;
}

/** The members in use of WebGPUBackend of @tensorflow/tfjs-backend-webgpu. */
export interface WebGpuBackend extends KernelBackend {
  readonly device: GPUDevice;
  readonly tensorMap: { get(dataId: object): TensorData };
  /** Commands that are encoded but not submitted yet. */
  readonly commandEncoder: object | null;
  endComputePassEncoder(): void;
  submitQueue(): void;
  /** Creates the buffer of a tensor and uploads its numbers, if there are any. */
  uploadToGPU(dataId: object): void;
  makeTensorInfo(shape: number[], dtype: DataType, values?: Float32Array): TensorInfo;
}

/** Whether a backend keeps its tensors in buffers of WebGPU. */
export const isWebGpu = (backend: object): backend is WebGpuBackend => "uploadToGPU" in backend && "device" in backend;

/**
 * The numbers of a tensor, without a copy if the backend keeps them in JavaScript. `why`: for the
 * error, the reason that the CPU needs them.
 * @throws PathSignatureError TENSOR_ON_GPU
 */
export function numbersOf(backend: KernelBackend, info: TensorInfo, argument: string, why: string) {
  const { dataId, shape } = info;
  const count = shape.reduce((n, size) => n * size, 1);
  if (count === 0) return { data: new Float32Array(0), shape };
  // In browsers the backend can read synchronously through a canvas. Not used: in some browsers it
  // silently returns zeros.
  if (isWebGpu(backend) && !backend.tensorMap.get(dataId).values) {
    throw failure(
      "TENSOR_ON_GPU",
      argument,
      `one that is on the GPU only (${why})`,
      "a tensor that the GPU computes with, or one whose numbers are in memory (`await tensor.data()` brings them)",
    );
  }
  const data = backend.readSync(dataId) as Float32Array;
  // Buffers may be larger than their contents.
  return { data: data.length > count ? data.subarray(0, count) : data, shape };
}

/** The same numbers as a tensor without gradients. */
export function detached(x: Tensor): Tensor {
  const identity = getKernel("Identity", getBackend());
  const info = identity.kernelFunc({ inputs: { x }, backend: engine().backend, attrs: {} });
  return engine().makeTensorFromTensorInfo(info as TensorInfo);
}
