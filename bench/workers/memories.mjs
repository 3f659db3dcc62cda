// Records the WebAssembly memories created in this process, so that their growth can be measured
// from outside the package.

const memories = new Set();

/** Call before the package is imported. */
export function watchMemories() {
  const Plain = WebAssembly.Instance;
  WebAssembly.Instance = class extends Plain {
    constructor(...args) {
      super(...args);
      for (const value of Object.values(this.exports)) if (value instanceof WebAssembly.Memory) memories.add(value);
    }
  };
}

/** Bytes of all of them. */
export const wasmBytes = () => [...memories].reduce((sum, { buffer }) => sum + buffer.byteLength, 0);
