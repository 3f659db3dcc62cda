// Whether invocations of a subgroup are neighbours in their workgroup, in order. WGSL does not
// guarantee it, and kernels that exchange registers between neighbours need it: each device is
// probed once.

import type { Device } from "./device.ts";
import { Holdings } from "./memory.ts";
import { readNumbers } from "./readback.ts";
import { COMPUTE_STAGE, STORAGE } from "./usage.ts";

const invocations = 64;

const source = (size: number): string => `enable subgroups;

@group(0) @binding(0) var<storage, read_write> out: array<f32>;

@compute @workgroup_size(${invocations})
fn main(
  @builtin(local_invocation_index) lane: u32,
  @builtin(subgroup_size) size: u32,
  @builtin(subgroup_invocation_id) id: u32,
) {
  // What the next neighbour but one is, as it is asked for in kernels.
  let neighbour = subgroupShuffleDown(lane, 2u);
  let in_order = id == lane % size && size >= ${size}u;
  out[lane] = select(0.0, 1.0, in_order && (lane % ${size}u + 2u >= ${size}u || neighbour == lane + 2u));
}
`;

/** Invocations of a subgroup that kernels may count on; 1 where they may not. */
export async function subgroupSizeOf(device: Device, info: GPUAdapterInfo | undefined): Promise<number> {
  const size = info?.subgroupMinSize ?? 0;
  if (!device.has("subgroups") || size < 4) return 1;
  const { gpu } = device;
  const holdings = new Holdings(device.memory);
  try {
    const { value, settled } = device.scoped(() => {
      const layout = gpu.createBindGroupLayout({
        entries: [{ binding: 0, visibility: COMPUTE_STAGE, buffer: { type: "storage" } }],
      });
      const module = gpu.createShaderModule({ code: source(size), label: "path-signature subgroups" });
      const pipeline = gpu.createComputePipeline({
        layout: gpu.createPipelineLayout({ bindGroupLayouts: [layout] }),
        compute: { module, entryPoint: "main" },
      });
      const buffer = holdings.take(4 * invocations, STORAGE);
      const encoder = gpu.createCommandEncoder();
      const pass = encoder.beginComputePass();
      pass.setPipeline(pipeline);
      pass.setBindGroup(0, gpu.createBindGroup({ layout, entries: [{ binding: 0, resource: { buffer } }] }));
      pass.dispatchWorkgroups(1);
      pass.end();
      gpu.queue.submit([encoder.finish()]);
      return buffer;
    });
    await settled;
    const answers = await readNumbers(device, { buffer: value, at: 0, bytes: 4 * invocations });
    holdings.release();
    return answers.every((answer) => answer === 1) ? size : 1;
  } catch {
    holdings.drop();
    // Kernels do without.
    return 1;
  }
}
