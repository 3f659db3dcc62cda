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
