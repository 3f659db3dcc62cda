// Compares plans with the best choice, by recorded times. Reads results, measures nothing.

import { fitCosts, plan } from "../../ts/dispatch/index.ts";
import { gpuOperations, usualLimits } from "../../ts/gpu/index.ts";

/**
 * A recorded machine with all GPU times divided by a factor. A software adapter is slower than the
 * CPU at any size. Sped up, it is faster at some sizes, so that a plan can be wrong.
 */
export function withFasterGpu(result, times) {
  const { measured } = result;
  const faster = measured.gpu.calls.map((call) => ({ ...call, seconds: call.seconds / times }));
  return {
    ...result,
    measured: { ...measured, gpu: { ...measured.gpu, calls: faster } },
    calls: result.calls.map((call) => ({ ...call, webgpu: call.webgpu / times })),
  };
}

/**
 * For each call: the device chosen, the best device, and how many times longer the choice takes.
 * The costs are fitted to the machine's trials, which are other calls than these.
 */
export function regretOf({ measured, calls, adapter }, limits = usualLimits) {
  const costs = fitCosts(measured);
  const demand = { device: "auto", fallback: "cpu", input: "cpu", output: "cpu" };
  const capabilities = { threads: 1, gpu: { limits, adapter, isFallbackAdapter: false } };
  return calls.map(({ cpu, webgpu, kernels, ...shape }) => {
    const { device, estimate } = plan(gpuOperations.signature, shape, "float32", demand, capabilities, costs);
    const times = { cpu, webgpu };
    return {
      ...shape,
      device,
      estimate,
      best: cpu <= webgpu ? "cpu" : "webgpu",
      regret: times[device] / Math.min(cpu, webgpu),
    };
  });
}

/** The share of calls within a factor of the best choice. */
export const shareWithin = (regrets, factor) =>
  regrets.filter(({ regret }) => regret <= factor).length / regrets.length;

/** The result in words. */
export function summaryOf(regrets) {
  const onGpu = regrets.filter(({ best }) => best === "webgpu").length;
  const worst = regrets.reduce((a, b) => (b.regret > a.regret ? b : a));
  const { batch, points, channels, depth, stream } = worst;
  return [
    `${regrets.length} calls, ${onGpu} of them faster on the GPU`,
    `within 1.25× of the best choice: ${(100 * shareWithin(regrets, 1.25)).toFixed(1)} %`,
    `worst: ${worst.regret.toFixed(2)}× at ` +
      `${batch}×${points}×${channels}^${depth}${stream ? " stream" : ""}, ${worst.device} chosen`,
  ].join("\n");
}
