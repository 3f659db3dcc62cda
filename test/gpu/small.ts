// A device that says it is smaller than it is: calls that would need gigabytes to be cut are cut on small ones. What is told is the limits; the
// device behind is the real one.

/** A device as it is, but for some limits. */
export function smaller(device: GPUDevice, limits: Partial<Record<keyof GPUSupportedLimits, number>>): GPUDevice {
  const told = new Proxy(device.limits, {
    get: (target, name) => limits[name as keyof GPUSupportedLimits] ?? Reflect.get(target, name, target),
  });
  return altered(device, { limits: told });
}

/** A device of which some properties are others. */
export function altered(device: GPUDevice, others: Record<string, unknown>): GPUDevice {
  return new Proxy(device, {
    get(target, name) {
      if (typeof name === "string" && name in others) return others[name];
      const value = Reflect.get(target, name, target);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
}

/**
 * A device that compiles each kernel once, whichever backend asks for it first: backends that are told other limits still need the same kernels, and
 * compiling is most of what a call costs on an adapter of software.
 */
export function compilingOnce(device: GPUDevice): GPUDevice {
  const modules = new Map<string, GPUShaderModule>();
  const pipelines = new Map<GPUShaderModule, Promise<GPUComputePipeline>>();
  return altered(device, {
    createShaderModule(descriptor: GPUShaderModuleDescriptor) {
      const { code } = descriptor;
      if (!modules.has(code)) modules.set(code, device.createShaderModule(descriptor));
      return modules.get(code);
    },
    createComputePipelineAsync(descriptor: GPUComputePipelineDescriptor) {
      const { module } = descriptor.compute;
      if (!pipelines.has(module)) pipelines.set(module, device.createComputePipelineAsync(descriptor));
      return pipelines.get(module);
    },
  });
}
