// The multiply-add peak of a device in WGSL: independent fused multiply-adds in registers, and
// nothing else. Shares of peak refer to it.

/** Multiply-adds of an invocation in one round: eight independent vectors of four. */
const perRound = 32;
const rounds = 4096;
const invocations = 64;
const workgroups = 8192;

export const peakMultiplyAdds = perRound * rounds * invocations * workgroups;

const sums = Array.from({ length: perRound / 4 }, (_, i) => `s${i}`);

const source = `
@group(0) @binding(0) var<storage, read_write> out: array<f32>;

@compute @workgroup_size(${invocations})
fn main(@builtin(global_invocation_id) id: vec3u) {
  // Neither constant nor predictable, so the compiler cannot remove anything.
  let a = vec4f(1.0) + 1e-7 * f32(id.x % 7u);
  let b = vec4f(1e-7) * f32(id.x % 5u);
${sums.map((s, i) => `  var ${s} = vec4f(${i + 1}.0);`).join("\n")}
  for (var i = 0u; i < ${rounds}u; i++) {
${sums.map((s) => `    ${s} = fma(${s}, a, b);`).join("\n")}
  }
  let sum = ${sums.join(" + ")};
  if (sum.x + sum.y + sum.z + sum.w == 0.0) { out[id.x % 64u] = sum.x; }
}
`;

/**
 * A contestant at the peak: `call()` resolves to seconds on the device's clock, or on this
 * machine's where the device has none.
 * @param {GPUDevice} device
 * @param {number} share of the workgroups, so that a software adapter is not busy for minutes
 */
export function peakOf(device, share = 1) {
  const module = device.createShaderModule({ code: source });
  const pipeline = device.createComputePipeline({ layout: "auto", compute: { module, entryPoint: "main" } });
  const buffer = device.createBuffer({ size: 256, usage: 0x80 });
  const group = device.createBindGroup({
    layout: pipeline.getBindGroupLayout(0),
    entries: [{ binding: 0, resource: { buffer } }],
  });
  const count = Math.max(1, Math.round(workgroups * share));
  const multiplyAdds = (peakMultiplyAdds * count) / workgroups;
  async function call() {
    const encoder = device.createCommandEncoder();
    const pass = encoder.beginComputePass();
    pass.setPipeline(pipeline);
    pass.setBindGroup(0, group);
    pass.dispatchWorkgroups(count);
    pass.end();
    const before = performance.now();
    device.queue.submit([encoder.finish()]);
    await device.queue.onSubmittedWorkDone();
    return (performance.now() - before) / 1e3;
  }
  return { call, multiplyAdds };
}
