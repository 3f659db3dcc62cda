// A device that reports smaller limits than it has, so that small calls are cut as large ones would
// be. Only the reported limits differ.

/** A device with some limits replaced. */
export function smaller(device: GPUDevice, limits: Partial<Record<keyof GPUSupportedLimits, number>>): GPUDevice {
  const told = new Proxy(device.limits, {
    get: (target, name) => limits[name as keyof GPUSupportedLimits] ?? Reflect.get(target, name, target),
  });
  return altered(device, { limits: told });
}

/** A device with some properties replaced. */
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
 * A device that compiles each kernel once for all backends. Backends with other limits need the
 * same kernels, and on a software adapter compilation is most of the cost of a call.
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
