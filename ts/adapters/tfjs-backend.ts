// What the adapter needs to know of TensorFlow.js's backends: whether one is WebGPU's, and which of its objects are used then. By their form, so that
// nothing of @tensorflow/tfjs-backend-webgpu is needed where it is not used.

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

/** What a WebGPU backend knows of a tensor's numbers. */
export interface TensorData {
  /** Of the numbers as they lie: a cast to float32 leaves whole numbers what they are. */
  readonly dtype: DataType;
  /** In JavaScript, where they are there. */
  values?: ArrayLike<number> | null | undefined;
  /** On the device, where they are there. */
  readonly resource?: GPUBuffer | null;
}

/** WebGPUBackend of @tensorflow/tfjs-backend-webgpu, as far as it is used. */
export interface WebGpuBackend extends KernelBackend {
  readonly device: GPUDevice;
  readonly tensorMap: { get(dataId: object): TensorData };
  /** Commands that were encoded and not submitted yet. */
  readonly commandEncoder: object | null;
  endComputePassEncoder(): void;
  submitQueue(): void;
  /** Gives a tensor its buffer, with its numbers where there are any. */
  uploadToGPU(dataId: object): void;
  makeTensorInfo(shape: number[], dtype: DataType, values?: Float32Array): TensorInfo;
}

/** Whether a backend keeps its tensors in buffers of WebGPU. */
export const isWebGpu = (backend: object): backend is WebGpuBackend => "uploadToGPU" in backend && "device" in backend;

/**
 * A tensor's numbers, without a copy where the backend keeps them in JavaScript. `why`: why they are needed although they may be on a GPU.
 * @throws PathSignatureError TENSOR_ON_GPU
 */
export function numbersOf(backend: KernelBackend, info: TensorInfo, argument: string, why: string) {
  const { dataId, shape } = info;
  const count = shape.reduce((n, size) => n * size, 1);
  if (count === 0) return { data: new Float32Array(0), shape };
  // The backend has a way in browsers, by a canvas. It is not taken: there are browsers in which it gives zeros, without a word.
  if (isWebGpu(backend) && !backend.tensorMap.get(dataId).values) {
    throw failure(
      "TENSOR_ON_GPU",
      argument,
      `one that is on the GPU only (${why})`,
      "a tensor that the GPU computes with, or one whose numbers are in memory (`await tensor.data()` brings them)",
    );
  }
  const data = backend.readSync(dataId) as Float32Array;
  // Buffers may be larger than what is in them.
  return { data: data.length > count ? data.subarray(0, count) : data, shape };
}

/** The same numbers as a tensor that gradients do not flow through. */
export function detached(x: Tensor): Tensor {
  const identity = getKernel("Identity", getBackend());
  const info = identity.kernelFunc({ inputs: { x }, backend: engine().backend, attrs: {} });
  return engine().makeTensorFromTensorInfo(info as TensorInfo);
}
