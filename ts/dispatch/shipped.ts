// The costs that are shipped: they decide before a machine is measured.

import type { Costs, GpuCosts } from "./costs.ts";

/**
 * CPU: measured by `npm run bench -- dispatch` on the machine that is named. GPU: not measured, but
 * estimated from the data sheet of a notebook's discrete GPU (8 TFLOP/s, 250 GB/s) at a quarter of
 * its peak, with the transfer rates of browsers. Conservative: "auto" takes the GPU only where most
 * GPUs should be faster.
 */
export const shippedCosts: Costs & { readonly gpu: GpuCosts } = {
  version: 1,
  machine:
    "CPU: AMD EPYC, 2 cores, measured. GPU: none was measured; reckoned from the data sheet of a notebook's card",
  date: "2026-11-24",
  cpu: {
    seconds: {
      call: 6.3e-7,
      path: 1.9e-8,
      input: 2.2e-10,
      far: 1.1e-10,
      output: 3.5e-10,
      large: 2.4e-10,
      square: 1.5e-11,
      horner: 7.3e-11,
      pruned: 6.3e-11,
      recovery: 1.4e-9,
      stream: 1e-10,
      row: 1e-9,
    },
    float64: 2,
    threadsCall: 5e-5,
    threadsEfficiency: 0.8,
  },
  gpu: {
    adapter: "data sheet, not measured: 8 TFLOP/s, 250 GB/s, PCIe 3",
    seconds: {
      launch: 1e-3,
      dispatch: 1e-5,
      block: 2e-4,
      upload: 5e-10,
      download: 7e-10,
      ends: 2.4e-11,
      staged: 2.4e-11,
      written: 6e-12,
      walk: 1e-12,
      step: 2e-12,
      handed: 2.4e-11,
      stream: 2e-12,
      gather: 4e-12,
      products: 2e-11,
      recovery: 2e-11,
    },
    invocationsToFill: 16384,
  },
};
