// Messages of WGSL compilers about the library's kernels: every message of every module, on the
// current runtime.

/** Passes the label of every module that devices create from now on to `note`. */
export function noteModules(prototype: GPUDevice, note: (label: string) => void): void {
  const original = prototype.createShaderModule;
  prototype.createShaderModule = function (descriptor) {
    note(descriptor.label ?? "");
    return original.call(this, descriptor);
  };
}

/**
 * Records the messages of all modules that devices create from now on. The returned function waits
 * for them and returns them.
 */
export function watchCompilers(prototype: GPUDevice): () => Promise<string[]> {
  const pending: Promise<string[]>[] = [];
  const original = prototype.createShaderModule;
  prototype.createShaderModule = function (descriptor) {
    const module = original.call(this, descriptor);
    const told = module.getCompilationInfo().then(({ messages }) =>
      messages.map(({ type, message, lineNum }) => {
        const line = descriptor.code.split("\n")[lineNum - 1] ?? "";
        return `${descriptor.label}: ${type}: ${message}, line ${lineNum}: ${line.trim()}`;
      }),
    );
    // A lost device reports nothing.
    pending.push(told.catch(() => []));
    return module;
  };
  return async () => {
    prototype.createShaderModule = original;
    return (await Promise.all(pending)).flat();
  };
}
