// The parts of Node's modules that readers of files use. The published sources are compiled without
// Node's own types, since most of them run in browsers too.

declare module "node:fs/promises" {
  export function readFile(path: string | URL): Promise<Uint8Array<ArrayBuffer>>;
}

declare module "node:url" {
  export function fileURLToPath(url: URL): string;
}
