// Log-signatures on a device: the signatures of a block, then the logarithm of each row.

import { type Call, shapeOf } from "../../input/call.ts";
import { basisIn } from "../../operations/log-signature-labels.ts";
import type { LogSignatureTensor } from "../../operations/log-signature-tensor.ts";
import type { Device } from "../device.ts";
import { dispatchOf } from "../dispatches.ts";
import { logarithmKernel } from "../kernels/index.ts";
import { logParamNames } from "../kernels/logarithm.wgsl.ts";
import { type LogLayout, logOperations } from "../logarithm.ts";
import type { GpuProgram } from "../operation.ts";
import type { LogSignaturePlan } from "../operations/log-signature.ts";
import type { Kernel, Pipeline } from "../pipelines.ts";
import type { Region } from "../regions.ts";
import type { Command } from "../submit.ts";
import { GpuLogSignature } from "../tensor.ts";
import { uploadNumbers } from "../transfers.ts";
import { logTable } from "./log-tables.ts";
import { type Finish, SignatureJob, signatureProgram } from "./signature.ts";
import type { SignatureKernels } from "./signature-encoder.ts";

type LogSignatureKernels = SignatureKernels & { readonly logarithm?: Kernel };

export const logSignatureProgram: GpuProgram<
  Float32Array<ArrayBuffer>,
  LogSignatureTensor<"float32">,
  GpuLogSignature,
  LogSignaturePlan,
  LogSignatureKernels
> = {
  kernels: (shape, plan) => ({ ...signatureProgram.kernels(shape, plan), logarithm: logarithmKernel(plan.logarithm) }),
  job(context, plan, pipelines) {
    const { device, inputs } = context;
    const { call } = inputs;
    const finish: Finish<GpuLogSignature> = {
      row: call.row,
      command: (signatures, count, out) =>
        logarithms(device, pipelines.logarithm!, plan.logarithm, signatures, count, out),
      tensor: (buffer) => tensorOf(device, call, buffer),
    };
    const signatures = { ...inputs, call: call.with({ row: call.size }) };
    return new SignatureJob({ ...context, inputs: signatures }, plan, pipelines, finish);
  },
  upload: async (device, { call }, { data }) =>
    tensorOf(device, call, await uploadNumbers(device, data as Float32Array<ArrayBuffer>)),
};

function tensorOf(device: Device, call: Call, buffer: GPUBuffer): GpuLogSignature {
  const { stream, channels, depth, bits } = call;
  return new GpuLogSignature(device, buffer, { shape: shapeOf(call), channels, depth, basis: basisIn(bits), stream });
}

function logarithms(
  device: Device,
  pipeline: Pipeline,
  layout: LogLayout,
  signatures: Region,
  count: number,
  out: Region,
): Command {
  const { channels, depth, basis, rows } = layout;
  const name = `logarithms, ${channels} channels, depth ${depth}, ${basis}`;
  return dispatchOf(
    device,
    pipeline,
    logParamNames,
    [
      ["in_offset", signatures],
      [undefined, device.constant(name, () => logTable(layout))],
      ["out_offset", out],
    ],
    { rows: count },
    Math.ceil(count / rows),
    4 * count * logOperations(channels, depth, basis),
  );
}
