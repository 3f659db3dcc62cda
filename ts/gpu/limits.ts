// The limits of every WebGPU device, for plans before a device is opened.

import type { DeviceLimits } from "./device.ts";

/** Default limits (WebGPU, section 3.6.2). */
export const usualLimits: DeviceLimits = {
  maxBufferSize: 2 ** 28,
  maxStorageBufferBindingSize: 2 ** 27,
  maxComputeWorkgroupStorageSize: 16384,
  maxComputeInvocationsPerWorkgroup: 256,
  maxComputeWorkgroupsPerDimension: 65535,
  minStorageBufferOffsetAlignment: 256,
  minUniformBufferOffsetAlignment: 256,
};
