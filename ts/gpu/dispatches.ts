// A kernel on its data, as a command. Which kernels, on what, is the encoders'.

import type { Device } from "./device.ts";
import type { Pipeline } from "./pipelines.ts";
import type { Bound } from "./regions.ts";
import type { Dispatch } from "./submit.ts";

/** A dispatch of a kernel whose parameters are `names`, among them `first_workgroup`. */
export const dispatchOf = <Param extends string>(
  device: Device,
  pipeline: Pipeline,
  bound: readonly Bound[],
  names: readonly Param[],
  params: Readonly<Record<Param, number>>,
  workgroups: number,
  operations: number,
): Dispatch => ({
  kind: "dispatch",
  pipeline,
  data: device.gpu.createBindGroup({
    layout: pipeline.data,
    entries: bound.map(({ resource }, binding) => ({ binding, resource })),
  }),
  params: Uint32Array.from(names, (name) => params[name]),
  firstWorkgroup: (names as readonly string[]).indexOf("first_workgroup"),
  workgroups,
  operations,
});
