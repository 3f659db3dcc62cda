// A kernel on its data, as a command. Which kernels run, on what, is the encoders' to say.

import type { Device } from "./device.ts";
import type { Pipeline } from "./pipelines.ts";
import { bind, type Region } from "./regions.ts";
import type { Dispatch } from "./submit.ts";

/** A region to bind, and the parameter that gets its offset within the binding. */
export type Binding<Offset extends string> = readonly [offset: Offset | undefined, region: Region | undefined];

/**
 * A dispatch of a kernel with the parameters `names`. `bindings`: group 1 in its order. `params`:
 * the parameters besides the bindings' offsets and `first_workgroup`.
 */
export function dispatchOf<Param extends string, Offset extends Param>(
  device: Device,
  pipeline: Pipeline,
  names: readonly Param[],
  bindings: readonly Binding<Offset>[],
  params: Readonly<Record<Exclude<Param, Offset | "first_workgroup">, number>>,
  workgroups: number,
  operations: number,
): Dispatch {
  const values = { ...params } as Partial<Record<Param, number>>;
  const entries = bindings.map(([offset, region], binding) => {
    const { resource, shift } = region ? bind(device, region) : { resource: { buffer: device.nothing }, shift: 0 };
    if (offset !== undefined) values[offset] = shift;
    return { binding, resource };
  });
  return {
    kind: "dispatch",
    pipeline,
    data: device.gpu.createBindGroup({ layout: pipeline.data, entries }),
    params: Uint32Array.from(names, (name) => values[name] ?? 0),
    firstWorkgroup: (names as readonly string[]).indexOf("first_workgroup"),
    workgroups,
    operations,
  };
}
