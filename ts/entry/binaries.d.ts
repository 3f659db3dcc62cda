// What a bundler or host makes of the import of a binary. Types only, for the entries beside this
// file.

declare module "*.wasm" {
  const module: WebAssembly.Module;
  export default module;
}

declare module "*.wasm?module" {
  const module: WebAssembly.Module;
  export default module;
}
