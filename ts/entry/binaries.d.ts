// Types of imported binaries, as bundlers and hosts provide them. For the entries in this folder.

declare module "*.wasm" {
  const module: WebAssembly.Module;
  export default module;
}

declare module "*.wasm?module" {
  const module: WebAssembly.Module;
  export default module;
}
